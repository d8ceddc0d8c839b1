//! The grammar of filters:
//!
//! ```text
//! query  = either?
//! either = both ("OR" both)*
//! both   = item ("AND"? item)*
//! item   = ("-" | "NOT") item | "(" either ")" | name ":" comparison? value ("," value)* | value
//! value  = "\"" text "\"" | characters without blank, quote, bracket (and comma, in a list)
//! ```

use winnow::Parser;
use winnow::combinator::{
    alt, cut_err, delimited, empty, eof, not, opt, peek, preceded, repeat, separated, terminated,
};
use winnow::error::{ErrMode, ParserError};
use winnow::stream::{LocatingSlice, Location, Stateful};
use winnow::token::{none_of, one_of, take_while};

use super::syntax::{Comparison, Node, Refused, Term, Word};

/// Brackets and negations inside each other; deeper ones are nobody's question.
const MAX_DEPTH: usize = 16;

/// The text, and how deep the place is that is being read.
type Input<'s> = Stateful<LocatingSlice<&'s str>, usize>;
type Parsed<T> = Result<T, ErrMode<Refused>>;

impl ParserError<Input<'_>> for Refused {
    type Inner = Self;

    fn from_input(input: &Input<'_>) -> Self {
        Self::new(
            input.current_token_start(),
            "a word, a field or a bracket is expected here",
        )
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// Reads a filter; none when it says nothing.
pub(super) fn read(text: &str) -> Result<Option<Node>, Refused> {
    let mut input = Input {
        input: LocatingSlice::new(text),
        state: 0,
    };
    let query = delimited(blank0, opt(either), blank0);
    let read = terminated(query, eof_or_refused).parse_next(&mut input);
    read.map_err(|error| match error {
        ErrMode::Backtrack(refused) | ErrMode::Cut(refused) => refused,
        ErrMode::Incomplete(_) => Refused::new(text.len(), "something is missing at the end"),
    })
}

fn eof_or_refused(input: &mut Input<'_>) -> Parsed<()> {
    let at = input.current_token_start();
    let next = peek(opt(winnow::token::any)).parse_next(input)?;
    let why = match next {
        None => return eof.void().parse_next(input),
        Some(')') => "this bracket was never opened",
        Some('"') => "a quote that is not closed",
        Some(_) => "a word, a field or a bracket is expected here",
    };
    Err(ErrMode::Cut(Refused::new(at, why)))
}

fn either(input: &mut Input<'_>) -> Parsed<Node> {
    let first = both.parse_next(input)?;
    let next = preceded(keyword("OR"), cut_err(both));
    let others: Vec<Node> = repeat(0.., next).parse_next(input)?;
    Ok(joined(first, others, Node::Or))
}

fn both(input: &mut Input<'_>) -> Parsed<Node> {
    let first = item.parse_next(input)?;
    let next = alt((
        preceded(keyword("AND"), cut_err(item)),
        preceded(blank0, item),
    ));
    let others: Vec<Node> = repeat(0.., next).parse_next(input)?;
    Ok(joined(first, others, Node::And))
}

fn joined(first: Node, others: Vec<Node>, kind: fn(Vec<Node>) -> Node) -> Node {
    if others.is_empty() {
        return first;
    }
    kind(std::iter::once(first).chain(others).collect())
}

/// A keyword between two items, with the blanks around it.
fn keyword<'s>(word: &'static str) -> impl Parser<Input<'s>, (), ErrMode<Refused>> {
    let end = peek(alt((blank1, one_of(['(', '"']).void(), eof.void())));
    (blank0, word, end, blank0).void()
}

fn item(input: &mut Input<'_>) -> Parsed<Node> {
    alt((negation, group, term, text)).parse_next(input)
}

fn negation(input: &mut Input<'_>) -> Parsed<Node> {
    let not = alt(("-".void(), ("NOT", blank1).void()));
    let negated = preceded(not, cut_err(deeper(item))).parse_next(input)?;
    Ok(Node::Not(Box::new(negated)))
}

fn group(input: &mut Input<'_>) -> Parsed<Node> {
    let at = input.current_token_start();
    '('.parse_next(input)?;
    let inside = delimited(blank0, deeper(either), blank0);
    let group = cut_err(inside).parse_next(input)?;
    if opt(')').parse_next(input)?.is_none() {
        return Err(ErrMode::Cut(Refused::new(
            at,
            "a bracket that is not closed",
        )));
    }
    Ok(group)
}

/// The same one level down; refuses what is too deep, so that no text can exhaust the stack.
fn deeper<'s>(
    mut parser: impl Parser<Input<'s>, Node, ErrMode<Refused>>,
) -> impl Parser<Input<'s>, Node, ErrMode<Refused>> {
    move |input: &mut Input<'s>| {
        if input.state >= MAX_DEPTH {
            let why = format!("more than {MAX_DEPTH} brackets and negations inside each other");
            return Err(ErrMode::Cut(Refused::new(input.current_token_start(), why)));
        }
        input.state += 1;
        let parsed = parser.parse_next(input);
        input.state -= 1;
        parsed
    }
}

fn term(input: &mut Input<'_>) -> Parsed<Node> {
    let at = input.current_token_start();
    let first = one_of(|c: char| c.is_ascii_alphabetic());
    let rest = take_while(0.., |c: char| {
        c.is_ascii_alphanumeric() || c == '_' || c == '.'
    });
    let name = terminated((first, rest).take(), ':').parse_next(input)?;
    let field = Word {
        text: name.to_ascii_lowercase(),
        quoted: false,
        at,
    };
    let comparison = comparison.parse_next(input)?;
    let at = input.current_token_start();
    let values = separated(1.., alt((quoted, listed)), ',').parse_next(input);
    let missing = |error| match error {
        ErrMode::Backtrack(_) => ErrMode::Cut(Refused::new(
            at,
            format!("a value for `{name}` is expected here"),
        )),
        other => other,
    };
    let values = values.map_err(missing)?;
    if let Some(',') = peek(opt(winnow::token::any)).parse_next(input)? {
        let at = input.current_token_start() + 1;
        return Err(ErrMode::Cut(Refused::new(
            at,
            "another value is expected after the comma",
        )));
    }
    Ok(Node::Term(Term {
        field,
        comparison,
        values,
    }))
}

fn comparison(input: &mut Input<'_>) -> Parsed<Comparison> {
    alt((
        ">=".value(Comparison::AtLeast),
        "<=".value(Comparison::AtMost),
        '>'.value(Comparison::More),
        '<'.value(Comparison::Less),
        '='.value(Comparison::Equal),
        empty.value(Comparison::Equal),
    ))
    .parse_next(input)
}

fn text(input: &mut Input<'_>) -> Parsed<Node> {
    let reserved = (alt(("OR", "AND", "NOT")), not(one_of(is_bare)));
    preceded(not(reserved), alt((quoted, bare)))
        .map(Node::Text)
        .parse_next(input)
}

fn quoted(input: &mut Input<'_>) -> Parsed<Word> {
    let at = input.current_token_start();
    '"'.parse_next(input)?;
    let escaped = preceded('\\', one_of(['"', '\\']));
    let text: String = repeat(0.., alt((escaped, none_of('"')))).parse_next(input)?;
    if opt('"').parse_next(input)?.is_none() {
        return Err(ErrMode::Cut(Refused::new(at, "a quote that is not closed")));
    }
    if text.trim().is_empty() {
        return Err(ErrMode::Cut(Refused::new(
            at,
            "there is nothing between these quotes",
        )));
    }
    let quoted = true;
    Ok(Word { text, quoted, at })
}

fn bare(input: &mut Input<'_>) -> Parsed<Word> {
    word(is_bare, input)
}

/// A value among several.
fn listed(input: &mut Input<'_>) -> Parsed<Word> {
    word(|c| is_bare(c) && c != ',', input)
}

fn word(allowed: fn(char) -> bool, input: &mut Input<'_>) -> Parsed<Word> {
    let at = input.current_token_start();
    let text: &str = take_while(1.., allowed).parse_next(input)?;
    let text = text.to_owned();
    let quoted = false;
    Ok(Word { text, quoted, at })
}

/// Blanks of any script: U+3000 stands between words as often as U+0020.
fn blank0(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., char::is_whitespace)
        .void()
        .parse_next(input)
}

fn blank1(input: &mut Input<'_>) -> Parsed<()> {
    take_while(1.., char::is_whitespace)
        .void()
        .parse_next(input)
}

fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | '"')
}
