//! A crate's tree of modules: what each defines, imports and names by path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::error::LayeringError;
use super::tokens::{self, Token};

/// A module, in a file of its own or inside another's.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Its place in [`Tree::files`].
    pub(super) file: usize,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    /// Names of what it defines itself.
    pub(super) items: BTreeSet<String>,
    pub(super) uses: Vec<Use>,
    /// Paths of two or more names in its bodies.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// Single names in its bodies that may stand for an item.
    pub(super) words: BTreeSet<String>,
}

/// One name that a `use` brings into a module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) path: Vec<String>,
    /// The name it has here; `*` for all names of the module at the path.
    pub(super) name: String,
    /// Whether others see it here: `pub use`, also `pub(crate) use`.
    pub(super) reexport: bool,
}

/// All modules that are reached from a root file, those for tests left out.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Files, from the checkout's root.
    pub(super) files: Vec<PathBuf>,
    /// The first is the root.
    pub(super) modules: Vec<Module>,
}

impl Tree {
    /// Reads the crate whose root file is given, from the checkout's root.
    pub(super) fn read(checkout: &Path, root: &Path) -> Result<Self, LayeringError> {
        let mut tree = Self::default();
        let folder = root.parent().unwrap_or(root).to_owned();
        tree.read_file(checkout, root.to_owned(), folder, None)?;
        Ok(tree)
    }

    /// Reads a file and those of its `mod` lines, which lie in `folder`; its module's number is returned.
    fn read_file(
        &mut self,
        checkout: &Path,
        file: PathBuf,
        folder: PathBuf,
        parent: Option<usize>,
    ) -> Result<usize, LayeringError> {
        let path = checkout.join(&file);
        let source = fs::read_to_string(&path).map_err(LayeringError::read(&path))?;
        self.files.push(file);
        let number = self.add(self.files.len() - 1, parent);
        let mut parser = Parser {
            tokens: tokens::read(&source),
            position: 0,
        };
        self.read_module(checkout, &mut parser, number, &folder)?;
        Ok(number)
    }

    fn add(&mut self, file: usize, parent: Option<usize>) -> usize {
        self.modules.push(Module {
            file,
            parent,
            ..Module::default()
        });
        self.modules.len() - 1
    }

    /// Reads items to the end of the file or to the brace that closes the module.
    fn read_module(
        &mut self,
        checkout: &Path,
        parser: &mut Parser,
        number: usize,
        folder: &Path,
    ) -> Result<(), LayeringError> {
        let mut attributes = Attributes::default();
        let mut reexport = false;
        while let Some(token) = parser.tokens.get(parser.position).cloned() {
            match token {
                Token::Symbol('}') => {
                    parser.position += 1;
                    break;
                }
                Token::Symbol('#') => {
                    let module = &mut self.modules[number];
                    attributes.add(parser.read_attribute(module));
                    continue;
                }
                _ if attributes.test => parser.pass_item(),
                Token::Word(word) if word == "pub" => {
                    parser.pass_visibility();
                    reexport = true;
                    continue;
                }
                Token::Word(word) if word == "use" => {
                    let uses = parser.read_use(reexport);
                    self.modules[number].uses.extend(uses);
                }
                Token::Word(word) if word == "mod" => {
                    let name = parser.word(1);
                    let inline =
                        parser.tokens.get(parser.position + 2) == Some(&Token::Symbol('{'));
                    parser.position += 3;
                    let child = if inline {
                        let child = self.add(self.modules[number].file, Some(number));
                        self.read_module(checkout, parser, child, &folder.join(&name))?;
                        Some(child)
                    } else {
                        let file = &self.files[self.modules[number].file];
                        let places = places(folder, &name, file, attributes.path.as_deref());
                        match places
                            .into_iter()
                            .find(|(file, _)| checkout.join(file).is_file())
                        {
                            Some((file, folder)) => {
                                Some(self.read_file(checkout, file, folder, Some(number))?)
                            }
                            // Rustc says more of a missing file than could be said here.
                            None => None,
                        }
                    };
                    self.modules[number]
                        .children
                        .extend(child.map(|child| (name, child)));
                }
                _ => parser.read_item(&mut self.modules[number]),
            }
            attributes = Attributes::default();
            reexport = false;
        }
        Ok(())
    }
}

/// Where the file of `mod name;` may lie, and where those of its own modules would.
fn places(
    folder: &Path,
    name: &str,
    declared_in: &Path,
    path: Option<&str>,
) -> Vec<(PathBuf, PathBuf)> {
    if let Some(path) = path {
        let beside = declared_in.parent().unwrap_or(declared_in);
        let file = beside.join(path);
        let folder = file.parent().unwrap_or(&file).to_owned();
        return vec![(file, folder)];
    }
    let inner = folder.join(name);
    vec![
        (folder.join(format!("{name}.rs")), inner.clone()),
        (inner.join("mod.rs"), inner),
    ]
}

/// What attributes say that matters here.
#[derive(Debug, Default)]
struct Attributes {
    /// Compiled for tests alone.
    test: bool,
    /// Of `#[path = "…"]`.
    path: Option<String>,
}

impl Attributes {
    fn add(&mut self, other: Self) {
        self.test |= other.test;
        self.path = other.path.or(self.path.take());
    }
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
}

impl Parser {
    fn is_symbol(&self, ahead: usize, symbol: char) -> bool {
        self.tokens.get(self.position + ahead) == Some(&Token::Symbol(symbol))
    }

    /// The word so many tokens ahead, or an empty one.
    fn word(&self, ahead: usize) -> String {
        match self.tokens.get(self.position + ahead) {
            Some(Token::Word(word)) => word.clone(),
            _ => String::new(),
        }
    }

    /// The token after the bracket that closes the one at `start`.
    fn end_of_group(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(start) {
            match token {
                Token::Symbol('(' | '[' | '{') => depth += 1,
                Token::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return index + 1;
            }
        }
        self.tokens.len()
    }

    /// Reads `#[…]` or `#![…]`; paths in it, as to a parser of arguments, are the module's.
    fn read_attribute(&mut self, module: &mut Module) -> Attributes {
        let start = self.position + 1 + usize::from(self.is_symbol(1, '!'));
        let end = self.end_of_group(start);
        let inside = &self.tokens[start.min(end)..end];
        let word = |index: usize| match inside.get(index) {
            Some(Token::Word(word)) => word.as_str(),
            _ => "",
        };
        let attributes = Attributes {
            test: word(1) == "cfg" && (word(3) == "test" || word(3) == "all" && word(5) == "test"),
            path: match inside.get(3) {
                Some(Token::Text(text)) if word(1) == "path" => Some(text.clone()),
                _ => None,
            },
        };
        self.position = start;
        while self.position < end {
            self.read_name(module);
        }
        attributes
    }

    fn pass_visibility(&mut self) {
        self.position += 1;
        if self.is_symbol(0, '(') {
            self.position = self.end_of_group(self.position);
        }
    }

    /// Goes past an item, field or statement.
    fn pass_item(&mut self) {
        let declares = self.word(0) == "use";
        while self.position < self.tokens.len() {
            match self.tokens[self.position] {
                Token::Symbol(';' | ',') => {
                    self.position += 1;
                    return;
                }
                Token::Symbol('}' | ')' | ']') => return,
                Token::Symbol('{') => {
                    self.position = self.end_of_group(self.position);
                    if !declares {
                        return;
                    }
                }
                Token::Symbol('(' | '[') => self.position = self.end_of_group(self.position),
                _ => self.position += 1,
            }
        }
    }

    /// Reads an item with all that is inside it.
    fn read_item(&mut self, module: &mut Module) {
        let mut depth = 0_usize;
        let mut named = false;
        while let Some(token) = self.tokens.get(self.position).cloned() {
            match token {
                Token::Symbol('(' | '[' | '{') => {
                    depth += 1;
                    self.position += 1;
                }
                Token::Symbol(closing @ (')' | ']' | '}')) => {
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                    self.position += 1;
                    if depth == 0 && closing == '}' {
                        return;
                    }
                }
                Token::Symbol(';') if depth == 0 => {
                    self.position += 1;
                    return;
                }
                Token::Symbol('#')
                    if self.is_symbol(1, '[')
                        || self.is_symbol(1, '!') && self.is_symbol(2, '[') =>
                {
                    if self.read_attribute(module).test {
                        self.pass_item();
                    }
                }
                Token::Word(word) if word == "use" && depth > 0 && !self.word(1).is_empty() => {
                    module.uses.extend(self.read_use(false));
                }
                Token::Word(word) => {
                    if depth == 0
                        && !named
                        && let Some(name) = self.defined(&word)
                    {
                        named = true;
                        module.items.insert(name);
                    }
                    self.read_name(module);
                }
                _ => self.position += 1,
            }
        }
    }

    /// The name that a keyword at this place defines.
    fn defined(&self, keyword: &str) -> Option<String> {
        let name = match keyword {
            "fn" | "struct" | "enum" | "union" | "trait" | "type" => self.word(1),
            "const" | "static" if self.word(1) == "mut" => self.word(2),
            "const" | "static"
                if !["fn", "unsafe", "async", "extern"].contains(&self.word(1).as_str()) =>
            {
                self.word(1)
            }
            "macro_rules" => self.word(2),
            _ => return None,
        };
        (!name.is_empty()).then_some(name)
    }

    /// Notes the path or name at this place, if there is one, and goes past it.
    fn read_name(&mut self, module: &mut Module) {
        let first = self.word(0);
        let before = self
            .position
            .checked_sub(1)
            .map(|before| &self.tokens[before]);
        let inner = matches!(before, Some(Token::PathSeparator | Token::Symbol('.')));
        self.position += 1;
        if first.is_empty() || first.starts_with(|c: char| c.is_ascii_digit()) {
            return;
        }
        let mut path = vec![first];
        while self.tokens.get(self.position) == Some(&Token::PathSeparator)
            && !self.word(1).is_empty()
        {
            path.push(self.word(1));
            self.position += 2;
        }
        if inner {
            return;
        }
        if path.len() > 1 {
            module.paths.insert(path);
        } else if path[0].starts_with(char::is_uppercase)
            || self.is_symbol(0, '(')
            || self.is_symbol(0, '!')
        {
            module.words.extend(path);
        }
    }

    /// Reads `use …;`.
    fn read_use(&mut self, reexport: bool) -> Vec<Use> {
        self.position += 1;
        let mut uses = Vec::new();
        // A path from the crates outside says so with a first `::`.
        let outside = self.tokens.get(self.position) == Some(&Token::PathSeparator);
        self.read_use_tree(&[], reexport, &mut uses);
        while self.position < self.tokens.len() && !self.is_symbol(0, ';') {
            self.position += 1;
        }
        self.position += 1;
        if outside {
            uses.clear();
        }
        uses
    }

    fn read_use_tree(&mut self, prefix: &[String], reexport: bool, uses: &mut Vec<Use>) {
        let mut path = prefix.to_vec();
        loop {
            match self.tokens.get(self.position).cloned() {
                Some(Token::PathSeparator) => self.position += 1,
                Some(Token::Symbol('*')) => {
                    self.position += 1;
                    let name = "*".to_owned();
                    uses.push(Use {
                        path,
                        name,
                        reexport,
                    });
                    return;
                }
                Some(Token::Symbol('{')) => {
                    self.position += 1;
                    while self.position < self.tokens.len() && !self.is_symbol(0, '}') {
                        if self.is_symbol(0, ',') {
                            self.position += 1;
                        } else {
                            self.read_use_tree(&path, reexport, uses);
                        }
                    }
                    self.position += 1;
                    return;
                }
                Some(Token::Word(word)) if word == "as" => {
                    let name = self.word(1);
                    self.position += 2;
                    uses.push(Use {
                        path,
                        name,
                        reexport,
                    });
                    return;
                }
                Some(Token::Word(word)) => {
                    self.position += 1;
                    // `{self}` is the module before the brace.
                    if word != "self" || path.is_empty() {
                        path.push(word);
                    }
                }
                Some(Token::Symbol(',' | '}' | ';')) | None => {
                    let name = path.last().cloned().unwrap_or_default();
                    uses.push(Use {
                        path,
                        name,
                        reexport,
                    });
                    return;
                }
                // No use declaration looks like this; going on would not end.
                Some(_) => {
                    self.position += 1;
                    return;
                }
            }
        }
    }
}
