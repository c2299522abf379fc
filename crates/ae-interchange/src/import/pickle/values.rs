//! What a pickle of tensors is made of, and what the names in it stand for.

use std::rc::Rc;

/// Axes of a tensor, at most.
const MOST_AXES: usize = 8;

/// A tensor and its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) tensor: PickledTensor,
}

/// Where the numbers of a tensor are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PickledTensor {
    pub(crate) storage: Storage,
    /// The place of the first number in the storage.
    pub(crate) offset: usize,
    pub(crate) shape: Vec<usize>,
    /// Numbers from one place of an axis to the next.
    pub(crate) strides: Vec<usize>,
}

/// A member of the archive that has numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Storage {
    pub(crate) numbers: NumberType,
    pub(crate) key: String,
}

/// The types of numbers that PyTorch's storages are named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberType {
    Float,
    Half,
    BFloat16,
    /// Types that no weights here have.
    Other(&'static str),
}

/// The names that may occur, `MODULE NAME`, and what they stand for.
pub(super) const NAMES: [(&str, Name); 14] = [
    ("collections OrderedDict", Name::Dictionary),
    ("torch._utils _rebuild_tensor_v2", Name::Tensor),
    ("torch._utils _rebuild_parameter", Name::Parameter),
    ("torch FloatStorage", Name::Storage(NumberType::Float)),
    ("torch HalfStorage", Name::Storage(NumberType::Half)),
    ("torch BFloat16Storage", Name::Storage(NumberType::BFloat16)),
    (
        "torch DoubleStorage",
        Name::Storage(NumberType::Other("float64")),
    ),
    (
        "torch LongStorage",
        Name::Storage(NumberType::Other("int64")),
    ),
    (
        "torch IntStorage",
        Name::Storage(NumberType::Other("int32")),
    ),
    (
        "torch ShortStorage",
        Name::Storage(NumberType::Other("int16")),
    ),
    (
        "torch CharStorage",
        Name::Storage(NumberType::Other("int8")),
    ),
    (
        "torch ByteStorage",
        Name::Storage(NumberType::Other("uint8")),
    ),
    (
        "torch BoolStorage",
        Name::Storage(NumberType::Other("bool")),
    ),
    ("torch.nn.parameter Parameter", Name::Parameter),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Name {
    Dictionary,
    Tensor,
    Parameter,
    Storage(NumberType),
}

/// A value on the stack. What may be long is shared.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Mark,
    None,
    Bool,
    Number(i64),
    Text(Rc<str>),
    /// Values, and how deep tuples lie in them.
    Tuple(Rc<[Value]>, usize),
    Dictionary(Vec<(Value, Value)>),
    /// A dictionary that was put aside, which is not taken from there again.
    PutAside,
    Name(Name),
    Storage(Rc<Storage>),
    Tensor(Rc<PickledTensor>),
}

impl Value {
    /// What it is called in an error.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Mark => "a mark",
            Self::None => "None",
            Self::Bool => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Tuple(..) => "a tuple",
            Self::Dictionary(_) | Self::PutAside => "a dictionary",
            Self::Name(_) => "a name",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }

    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Tuple(_, depth) => *depth,
            _ => 0,
        }
    }
}

/// `('storage', type, key, device, count)`, what stands for a member of the archive.
pub(super) fn storage(id: &Value) -> Result<Storage, String> {
    let Value::Tuple(parts, _) = id else {
        return Err(format!("{} in place of a storage's name", id.what()));
    };
    match &**parts {
        [
            Value::Text(tag),
            Value::Name(Name::Storage(numbers)),
            Value::Text(key),
            Value::Text(_),
            Value::Number(_),
        ] if &**tag == "storage" => {
            // The key becomes a part of a member's name, and nothing else.
            match !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                true => Ok(Storage {
                    numbers: *numbers,
                    key: key.to_string(),
                }),
                false => Err(format!("a storage called `{}`", key.escape_debug())),
            }
        }
        _ => Err("a storage that is described in another way than torch.save does".to_owned()),
    }
}

/// What a name with arguments stands for.
pub(super) fn made(name: &Value, arguments: &Value) -> Result<Value, String> {
    let Value::Tuple(arguments, _) = arguments else {
        return Err(format!("{} in place of arguments", arguments.what()));
    };
    match (name, &**arguments) {
        (Value::Name(Name::Dictionary), []) => Ok(Value::Dictionary(Vec::new())),
        // (storage, offset, sizes, strides, requires_grad, hooks)
        (
            Value::Name(Name::Tensor),
            [
                Value::Storage(storage),
                Value::Number(offset),
                Value::Tuple(shape, _),
                Value::Tuple(strides, _),
                ..,
            ],
        ) => {
            let (shape, strides) = (sizes(shape)?, sizes(strides)?);
            if shape.len() != strides.len() {
                return Err("a tensor with other strides than axes".to_owned());
            }
            Ok(Value::Tensor(Rc::new(PickledTensor {
                storage: (**storage).clone(),
                offset: size(*offset)?,
                shape,
                strides,
            })))
        }
        // (tensor, requires_grad, hooks)
        (Value::Name(Name::Parameter), [Value::Tensor(tensor), ..]) => {
            Ok(Value::Tensor(Rc::clone(tensor)))
        }
        _ => Err("a tensor that is described in another way than torch.save does".to_owned()),
    }
}

fn sizes(values: &[Value]) -> Result<Vec<usize>, String> {
    if values.len() > MOST_AXES {
        return Err(format!("a tensor of {} axes", values.len()));
    }
    let sizes = values.iter().map(|value| match value {
        Value::Number(number) => size(*number),
        other => Err(format!("{} in place of a size", other.what())),
    });
    sizes.collect()
}

fn size(number: i64) -> Result<usize, String> {
    usize::try_from(number).map_err(|_| format!("{number} in place of a size"))
}
