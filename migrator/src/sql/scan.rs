//! Cuts a file into statements and a statement into tokens; knows strings, dollar quotes and comments.

use std::iter::Peekable;
use std::str::CharIndices;

/// A piece of a statement. Unquoted words are lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Text(String),
    Number(String),
    Symbol(char),
}

impl Token {
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    pub(super) fn is_symbol(&self, symbol: char) -> bool {
        matches!(self, Self::Symbol(own) if *own == symbol)
    }
}

/// One statement without its semicolon.
#[derive(Clone, Debug)]
pub struct Statement {
    /// As written.
    pub text: String,
    /// The line it begins on, from 1.
    pub line: usize,
    pub(super) tokens: Vec<Token>,
}

/// `-- lint: allow RULE: reason`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The rule that is not to be held against the file.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// A file taken apart.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Its statements, in order.
    pub statements: Vec<Statement>,
    /// What it asks to be let off.
    pub waivers: Vec<Waiver>,
}

impl File {
    /// Takes a file apart. Text that ends inside a quote or comment ends there.
    pub fn parse(text: &str) -> Self {
        let mut scanner = Scanner {
            text,
            rest: text.char_indices().peekable(),
            line: 1,
            file: Self::default(),
        };
        scanner.run();
        scanner.file
    }

    /// The reason for which `rule` is not to be held against the file.
    pub fn waived(&self, rule: &str) -> Option<&str> {
        let waiver = self.waivers.iter().find(|waiver| waiver.rule == rule)?;
        Some(&waiver.reason)
    }
}

struct Scanner<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    line: usize,
    file: File,
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut tokens = Vec::new();
        let mut start = None;
        while let Some((at, next)) = self.next() {
            if next.is_whitespace() {
                continue;
            }
            if next == '-' && self.peek() == Some('-') {
                self.comment();
                continue;
            }
            if next == '/' && self.peek() == Some('*') {
                self.block_comment();
                continue;
            }
            if next == ';' {
                self.end(&mut tokens, &mut start, at);
                continue;
            }
            start.get_or_insert((at, self.line));
            let token = self.token(at, next);
            tokens.push(token);
        }
        self.end(&mut tokens, &mut start, self.text.len());
    }

    fn end(&mut self, tokens: &mut Vec<Token>, start: &mut Option<(usize, usize)>, end: usize) {
        if let Some((from, line)) = start.take() {
            let text = self.text.get(from..end).unwrap_or_default();
            self.file.statements.push(Statement {
                text: text.trim_end().to_owned(),
                line,
                tokens: std::mem::take(tokens),
            });
        }
    }

    fn token(&mut self, at: usize, first: char) -> Token {
        match first {
            '\'' => Token::Text(self.quoted('\'')),
            '"' => Token::Quoted(self.quoted('"')),
            '$' => match self.dollar_tag(at) {
                Some(tag) => Token::Text(self.dollar_body(&tag)),
                None => Token::Symbol('$'),
            },
            digit if digit.is_ascii_digit() => {
                Token::Number(self.run_of(at, |c| c.is_ascii_alphanumeric() || c == '.'))
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                let word = self.run_of(at, |c| c.is_alphanumeric() || c == '_' || c == '$');
                match (word.as_str(), self.peek()) {
                    // E'…' may hide its end behind a backslash.
                    ("e" | "E", Some('\'')) => {
                        self.next();
                        Token::Text(self.escaped())
                    }
                    _ => Token::Word(word.to_lowercase()),
                }
            }
            symbol => Token::Symbol(symbol),
        }
    }

    fn run_of(&mut self, from: usize, belongs: impl Fn(char) -> bool) -> String {
        let mut end = self.text.len();
        while let Some(&(at, next)) = self.rest.peek() {
            if !belongs(next) {
                end = at;
                break;
            }
            self.next();
        }
        self.text.get(from..end).unwrap_or_default().to_owned()
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some((_, next)) = self.next() {
            if next == quote {
                if self.peek() != Some(quote) {
                    break;
                }
                self.next();
            }
            text.push(next);
        }
        text
    }

    fn escaped(&mut self) -> String {
        let mut text = String::new();
        while let Some((_, next)) = self.next() {
            match next {
                '\\' => text.extend(self.next().map(|(_, escaped)| escaped)),
                '\'' if self.peek() == Some('\'') => text.extend(self.next().map(|(_, c)| c)),
                '\'' => break,
                other => text.push(other),
            }
        }
        text
    }

    /// `$$` or `$name$`, with the first `$` already taken; none for a lone `$`.
    fn dollar_tag(&mut self, at: usize) -> Option<String> {
        let rest = self.text.get(at + 1..)?;
        let (name, _) = rest.split_once('$')?;
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        for _ in name.chars() {
            self.next();
        }
        self.next();
        Some(format!("${name}$"))
    }

    fn dollar_body(&mut self, tag: &str) -> String {
        let mut body = String::new();
        while let Some((_, next)) = self.next() {
            body.push(next);
            if body.ends_with(tag) {
                body.truncate(body.len() - tag.len());
                break;
            }
        }
        body
    }

    fn comment(&mut self) {
        self.next();
        let mut text = String::new();
        while let Some((_, next)) = self.next() {
            if next == '\n' {
                break;
            }
            text.push(next);
        }
        let allowed = text.trim().strip_prefix("lint: allow ");
        if let Some((rule, reason)) = allowed.and_then(|allowed| allowed.split_once(':'))
            && !reason.trim().is_empty()
        {
            self.file.waivers.push(Waiver {
                rule: rule.trim().to_owned(),
                reason: reason.trim().to_owned(),
            });
        }
    }

    /// Comments of this kind nest.
    fn block_comment(&mut self) {
        self.next();
        let mut depth = 1;
        while let (true, Some((_, next))) = (depth > 0, self.next()) {
            match (next, self.peek()) {
                ('*', Some('/')) => {
                    self.next();
                    depth -= 1;
                }
                ('/', Some('*')) => {
                    self.next();
                    depth += 1;
                }
                _ => {}
            }
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|&(_, next)| next)
    }

    fn next(&mut self) -> Option<(usize, char)> {
        let (at, next) = self.rest.next()?;
        if next == '\n' {
            self.line += 1;
        }
        Some((at, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_the_server_would_end_them() {
        let text = "-- a; comment\ncreate table a (b text default 'x;''y');\n/* c; /* d; */ */\n\
            create function f() returns void language sql as $body$ select ';'; $body$;\nselect E'\\';', $$;$$, \"q;\"";
        let file = File::parse(text);
        let lines: Vec<_> = file.statements.iter().map(|s| s.line).collect();
        assert_eq!(lines, [2, 4, 5], "{file:?}");
        assert!(file.statements[1].text.ends_with("$body$"));
        assert_eq!(file.statements[2].tokens[1], Token::Text("';".to_owned()));
    }

    #[test]
    fn waiver_needs_a_reason() {
        let text = "-- lint: allow drop_table: nothing reads it since 0.3\n-- lint: allow drop_column:\nselect 1";
        let file = File::parse(text);
        assert_eq!(
            file.waived("drop_table"),
            Some("nothing reads it since 0.3")
        );
        assert_eq!(file.waived("drop_column"), None);
    }

    #[test]
    fn any_text_is_taken_apart() {
        for text in [
            "", ";", "$", "$a", "'", "\"", "/*", "--", "$$", "E'\\", "1$", "é;ö",
        ] {
            File::parse(text);
        }
    }
}
