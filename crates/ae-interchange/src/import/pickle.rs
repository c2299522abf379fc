//! Which tensors a pickle describes, without executing anything of it.
//!
//! A pickle is a program for a stack machine, and Python runs it: it may name any function and have it called. This reader
//! knows the instructions that a `state_dict` takes and the few names that occur in one, which it does not call either but
//! takes for what they stand for. A pickle with any other instruction or name is refused, and the name is told.
//!
//! # References
//! CPython, `Lib/pickletools.py`: the instructions. PyTorch, `torch/serialization.py` and `torch/_utils.py`: what a
//! `state_dict` is pickled as.

use std::collections::HashMap;
use std::rc::Rc;

use self::values::{Entry, NAMES, Value, made, storage};

pub(super) mod values;

/// Steps of the machine, at most; a tensor takes about 25.
const MOST_STEPS: usize = 1 << 20;
/// How deep tuples may lie in tuples.
const MOST_DEPTH: usize = 32;

/// Reads the pickle of a `state_dict`: a dictionary of tensors by name.
///
/// # Errors
/// A sentence that says what it is instead.
pub(super) fn read_pickle(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let root = Machine::new(bytes).run()?;
    let Value::Dictionary(items) = root else {
        return Err(format!(
            "{} and no dictionary of tensors: torch.save(model.state_dict(), …) writes one",
            root.what()
        ));
    };
    let entry = |(key, value): (Value, Value)| {
        let Value::Text(name) = key else {
            return Err(format!("{} in place of a tensor's name", key.what()));
        };
        match value {
            Value::Tensor(tensor) => Ok(Entry {
                name: name.to_string(),
                tensor: (*tensor).clone(),
            }),
            Value::Dictionary(_) => Err(format!(
                "`{name}` is a dictionary: where the weights are in there, save it alone"
            )),
            other => Err(format!("`{name}` is {} and no tensor", other.what())),
        }
    };
    let entries: Vec<Entry> = items.into_iter().map(entry).collect::<Result<_, _>>()?;
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("`{}` is there twice", pair[0])),
        None => Ok(entries),
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    stack: Vec<Value>,
    memo: HashMap<u32, Value>,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            stack: Vec::new(),
            memo: HashMap::new(),
        }
    }

    fn run(mut self) -> Result<Value, String> {
        for _ in 0..MOST_STEPS {
            let [instruction] = self.take()?;
            if instruction == b'.' {
                return self.pop();
            }
            self.step(instruction)?;
        }
        Err(format!("a pickle of more than {MOST_STEPS} instructions"))
    }

    fn step(&mut self, instruction: u8) -> Result<(), String> {
        match instruction {
            // PROTO and FRAME say nothing that matters here.
            0x80 => drop(self.take::<1>()?),
            0x95 => drop(self.take::<8>()?),
            b'(' => self.stack.push(Value::Mark),
            b'N' => self.stack.push(Value::None),
            0x88 | 0x89 => self.stack.push(Value::Bool),
            b'K' => {
                let [number] = self.take()?;
                self.stack.push(Value::Number(number.into()));
            }
            b'M' => {
                let number = u16::from_le_bytes(self.take()?);
                self.stack.push(Value::Number(number.into()));
            }
            b'J' => {
                let number = i32::from_le_bytes(self.take()?);
                self.stack.push(Value::Number(number.into()));
            }
            // LONG1: two's complement of any length.
            0x8a => {
                let [length] = self.take()?;
                let bytes = self.take_slice(length.into())?;
                let number = long(bytes).ok_or("a number of more than 64 bits")?;
                self.stack.push(Value::Number(number));
            }
            b'X' => {
                let length = u32::from_le_bytes(self.take()?);
                self.push_text(length as usize)?;
            }
            0x8c => {
                let [length] = self.take()?;
                self.push_text(length.into())?;
            }
            b'}' => self.stack.push(Value::Dictionary(Vec::new())),
            b')' => self.push_tuple(Vec::new())?,
            0x85..=0x87 => {
                let count = usize::from(instruction - 0x84);
                let start = self.stack.len().checked_sub(count).ok_or_else(short)?;
                let values = self.stack.split_off(start);
                self.push_tuple(values)?;
            }
            b't' => {
                let values = self.after_mark()?;
                self.push_tuple(values)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.dictionary()?.push((key, value));
            }
            b'u' => {
                let values = self.after_mark()?;
                if !values.len().is_multiple_of(2) {
                    return Err("a dictionary with a key that has no value".to_owned());
                }
                let dictionary = self.dictionary()?;
                let mut values = values.into_iter();
                while let (Some(key), Some(value)) = (values.next(), values.next()) {
                    dictionary.push((key, value));
                }
            }
            b'q' => {
                let [place] = self.take()?;
                self.put(place.into())?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.take()?);
                self.put(place)?;
            }
            // MEMOIZE: the next place.
            0x94 => self.put(self.memo.len() as u32)?,
            b'h' => {
                let [place] = self.take()?;
                self.get(place.into())?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.take()?);
                self.get(place)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push_name(&module, &name)?;
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => self.push_name(&module, &name)?,
                _ => return Err("a name that is no text".to_owned()),
            },
            b'Q' => {
                let storage = storage(&self.pop()?)?;
                self.stack.push(Value::Storage(Rc::new(storage)));
            }
            b'R' => {
                let (arguments, name) = (self.pop()?, self.pop()?);
                let made = made(&name, &arguments)?;
                self.stack.push(made);
            }
            // BUILD gives a dictionary attributes, its `_metadata`, which say nothing of weights.
            b'b' => match (self.pop()?, self.stack.last()) {
                (Value::Dictionary(_) | Value::None, Some(Value::Dictionary(_))) => {}
                (_, Some(other)) => return Err(format!("{} with attributes", other.what())),
                (_, None) => return Err(short()),
            },
            other => {
                return Err(format!(
                    "a pickle with the instruction 0x{other:02x}, which no tensors need; nothing of it was executed"
                ));
            }
        }
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (taken, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or("a pickle that is cut off")?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn take_slice(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or("a pickle that is cut off")?;
        self.bytes = rest;
        Ok(taken)
    }

    /// The rest of the line.
    fn line(&mut self) -> Result<String, String> {
        let end = self.bytes.iter().position(|&byte| byte == b'\n');
        let line = self.take_slice(end.ok_or("a pickle that is cut off")?)?;
        self.take::<1>()?;
        text(line)
    }

    fn push_text(&mut self, length: usize) -> Result<(), String> {
        let text = text(self.take_slice(length)?)?;
        self.stack.push(Value::Text(text.into()));
        Ok(())
    }

    fn push_tuple(&mut self, values: Vec<Value>) -> Result<(), String> {
        let depth = 1 + values.iter().map(Value::depth).max().unwrap_or(0);
        if depth > MOST_DEPTH {
            return Err(format!("tuples of more than {MOST_DEPTH} levels"));
        }
        if values.iter().any(|value| matches!(value, Value::Mark)) {
            return Err(short());
        }
        self.stack.push(Value::Tuple(values.into(), depth));
        Ok(())
    }

    fn push_name(&mut self, module: &str, name: &str) -> Result<(), String> {
        let full = format!("{module} {name}");
        let known = NAMES.iter().find(|(known, _)| *known == full);
        let Some((_, known)) = known else {
            let asked: String = format!("{module}.{name}").chars().take(120).collect();
            return Err(format!(
                "a pickle that asks for `{}`, which no tensors need; nothing of it was executed",
                asked.escape_debug()
            ));
        };
        self.stack.push(Value::Name(*known));
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, String> {
        match self.stack.pop() {
            Some(Value::Mark) | None => Err(short()),
            Some(value) => Ok(value),
        }
    }

    /// What was pushed since the last mark, which goes, too.
    fn after_mark(&mut self) -> Result<Vec<Value>, String> {
        let is_mark = |value: &Value| matches!(value, Value::Mark);
        let place = self.stack.iter().rposition(is_mark).ok_or_else(short)?;
        let values = self.stack.split_off(place + 1);
        self.stack.truncate(place);
        Ok(values)
    }

    /// The dictionary on top.
    fn dictionary(&mut self) -> Result<&mut Vec<(Value, Value)>, String> {
        match self.stack.last_mut() {
            Some(Value::Dictionary(items)) => Ok(items),
            Some(other) => Err(format!("{} in place of a dictionary", other.what())),
            None => Err(short()),
        }
    }

    fn put(&mut self, place: u32) -> Result<(), String> {
        let value = match self.stack.last().ok_or_else(short)? {
            Value::Mark => return Err(short()),
            // It is still being filled, and nothing takes it from there.
            Value::Dictionary(_) => Value::PutAside,
            value => value.clone(),
        };
        self.memo.insert(place, value);
        Ok(())
    }

    fn get(&mut self, place: u32) -> Result<(), String> {
        match self.memo.get(&place) {
            Some(Value::PutAside) => Err("a dictionary that occurs twice".to_owned()),
            Some(value) => {
                self.stack.push(value.clone());
                Ok(())
            }
            None => Err(short()),
        }
    }
}

fn short() -> String {
    "a damaged pickle: an instruction finds nothing to work on".to_owned()
}

fn text(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a text that is not UTF-8")?;
    Ok(text.to_owned())
}

/// A little-endian number in two's complement.
fn long(bytes: &[u8]) -> Option<i64> {
    let sign = bytes.last().is_some_and(|&last| last >= 0x80);
    let fill = if sign { 0xff } else { 0 };
    let mut full = [fill; 8];
    let (low, high) = bytes.split_at(bytes.len().min(8));
    full[..low.len()].copy_from_slice(low);
    let number = i64::from_le_bytes(full);
    (high.iter().all(|&byte| byte == fill) && (high.is_empty() || (number < 0) == sign))
        .then_some(number)
}

#[cfg(test)]
mod tests;
