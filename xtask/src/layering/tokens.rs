//! Rust source as words and symbols, without comments: what is needed to follow imports.

use std::iter::Peekable;
use std::str::Chars;

/// A piece of source that imports are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier, a keyword or a number.
    Word(String),
    /// What stands between the quotes of a string.
    Text(String),
    /// `::`.
    PathSeparator,
    /// Any other character that is no blank.
    Symbol(char),
}

/// Reads all of a source file; what is not Rust gives some tokens or other.
pub(super) fn read(source: &str) -> Vec<Token> {
    let mut reader = Reader {
        chars: source.chars().peekable(),
        tokens: Vec::new(),
    };
    while reader.read_one() {}
    reader.tokens
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    /// Reads a token or passes over a comment or a blank; false at the end.
    fn read_one(&mut self) -> bool {
        let Some(first) = self.chars.next() else {
            return false;
        };
        let next = self.chars.peek().copied();
        match first {
            '/' if next == Some('/') => while self.chars.next().is_some_and(|c| c != '\n') {},
            '/' if next == Some('*') => self.pass_block_comment(),
            '"' => self.read_string(),
            '\'' => self.pass_character_or_lifetime(),
            ':' if next == Some(':') => {
                self.chars.next();
                self.tokens.push(Token::PathSeparator);
            }
            _ if is_word(first) => self.read_word(first),
            _ if first.is_whitespace() => {}
            _ => self.tokens.push(Token::Symbol(first)),
        }
        true
    }

    fn pass_block_comment(&mut self) {
        let mut depth = 0;
        let mut previous = '/';
        for here in self.chars.by_ref() {
            // A character that has closed or opened a comment is no part of the next mark.
            previous = match (previous, here) {
                ('/', '*') => {
                    depth += 1;
                    ' '
                }
                ('*', '/') => {
                    depth -= 1;
                    ' '
                }
                _ => here,
            };
            if depth == 0 {
                break;
            }
        }
    }

    /// Reads a string after its first quote.
    fn read_string(&mut self) {
        let mut text = String::new();
        while let Some(here) = self.chars.next() {
            match here {
                '"' => break,
                '\\' => text.extend(self.chars.next()),
                _ => text.push(here),
            }
        }
        self.tokens.push(Token::Text(text));
    }

    /// Reads a raw string after its `r`, if there is one.
    fn read_raw_string(&mut self) -> bool {
        let mut ahead = self.chars.clone();
        let mut hashes = 0;
        while ahead.next_if_eq(&'#').is_some() {
            hashes += 1;
        }
        if ahead.next() != Some('"') {
            return false;
        }
        let end = format!("\"{}", "#".repeat(hashes));
        let mut text = String::new();
        for here in ahead.by_ref() {
            text.push(here);
            if text.ends_with(&end) {
                text.truncate(text.len() - end.len());
                break;
            }
        }
        self.chars = ahead;
        self.tokens.push(Token::Text(text));
        true
    }

    fn pass_character_or_lifetime(&mut self) {
        let first = self.chars.next();
        if first == Some('\\') {
            self.chars.next();
            while self.chars.next().is_some_and(|c| c != '\'') {}
        } else if self.chars.next_if_eq(&'\'').is_none() {
            while self.chars.next_if(|&c| is_word(c)).is_some() {}
        }
    }

    fn read_word(&mut self, first: char) {
        let mut word = String::from(first);
        while let Some(here) = self.chars.next_if(|&c| is_word(c)) {
            word.push(here);
        }
        let next = self.chars.peek().copied();
        match (word.as_str(), next) {
            ("r" | "br" | "cr", Some('"' | '#')) if self.read_raw_string() => {}
            // What follows is the name itself: `r#type`.
            ("r", Some('#')) => {
                self.chars.next();
            }
            ("b", Some('\'')) => {
                self.chars.next();
                self.pass_character_or_lifetime();
            }
            // The string after a prefix is read as any other.
            ("b" | "c", Some('"')) => {}
            _ => self.tokens.push(Token::Word(word)),
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let words: Vec<String> = read(source)
            .into_iter()
            .map(|token| match token {
                Token::Word(word) => word,
                Token::Text(text) => format!("<{text}>"),
                Token::PathSeparator => "::".to_owned(),
                Token::Symbol(symbol) => symbol.to_string(),
            })
            .collect();
        assert_eq!(words.join(" "), expected, "{source}");
    }

    #[test]
    fn words_symbols_and_strings_are_told_apart() {
        check("use a::b;", "use a :: b ;");
        check("f(1.5e3) // use x::y\n;", "f ( 1 . 5e3 ) ;");
        check("a /* b /* c */ d */ e /**/ g", "a e g");
        check(
            r#"f("use \" x", 'a', '\'', '\u{41}')"#,
            r#"f ( <use " x> , , , )"#,
        );
        check(
            "fn f<'a>(x: &'a str, y: &'_ T)",
            "fn f < > ( x : & str , y : & T )",
        );
        check(
            r###"r#"a "b" c"# br"x" r#type b'\'' b"y""###,
            r#"<a "b" c> <x> type <y>"#,
        );
    }

    #[test]
    fn what_does_not_end_is_read_to_the_end() {
        check("a \"b", "a <b>");
        check("a /* b", "a");
        check("a 'b", "a");
        check("r#\"b", "<b>");
    }
}
