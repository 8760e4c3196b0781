//! Bytes of a record: variable-length integers (LEB128), text, and instants as differences. Reading never panics: anything
//! that does not fit makes the record `Broken`.

use crate::state::Value;
use std::rc::Rc;

/// A record's bytes end early or say something impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub &'static str);

/// Writes bytes, and collects the values that they mention in order.
#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
    pub values: Vec<Value>,
    clock: f64,
}

impl Writer {
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub fn bool(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    pub fn number(&mut self, number: impl Into<u64>) {
        let mut rest = number.into();
        while rest >= 0x80 {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    pub fn len(&mut self, len: usize) {
        self.number(len as u64);
    }

    pub fn float(&mut self, float: f64) {
        self.bytes.extend_from_slice(&float.to_le_bytes());
    }

    /// Small when whole and not negative: the usual case of milliseconds.
    pub fn duration(&mut self, ms: f64) {
        if (0.0..9e15).contains(&ms) && ms.fract() == 0.0 {
            self.number((ms as u64) << 1);
        } else {
            self.number(1u64);
            self.float(ms);
        }
    }

    /// As the difference to the instant before it, exactly.
    pub fn instant(&mut self, at: f64) {
        let difference = at - self.clock;
        if self.clock + difference == at && (0.0..9e15).contains(&difference) && difference.fract() == 0.0 {
            self.number((difference as u64) << 1);
        } else {
            self.number(1u64);
            self.float(at);
        }
        self.clock = at;
    }

    pub fn text(&mut self, text: &str) {
        self.len(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Values are not numbered: they are read back in the order in which they were written.
    pub fn value(&mut self, value: &Value) {
        self.values.push(value.clone());
    }

    pub fn option(&mut self, value: Option<&Value>) {
        self.bool(value.is_some());
        if let Some(value) = value {
            self.value(value);
        }
    }
}

/// Reads what `Writer` wrote. The first thing that does not fit is kept, and from then on nothing is left to read: numbers are 0,
/// texts and lists empty. So who reads asks once, at the end (`check`), and no read can fail in the middle.
pub struct Reader<'a> {
    /// Of the record; see `migration`.
    pub schema: u8,
    bytes: &'a [u8],
    values: &'a [Value],
    clock: f64,
    broken: Option<Broken>,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], values: &'a [Value]) -> Self {
        Self { schema: 0, bytes, values, clock: 0.0, broken: None }
    }

    /// Whether everything that was read made sense.
    pub fn check(&self) -> Result<(), Broken> {
        self.broken.map_or(Ok(()), Err)
    }

    /// Whether everything was read.
    pub fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// What was read makes no sense.
    pub fn fail(&mut self, why: &'static str) {
        self.broken = self.broken.or(Some(Broken(why)));
        self.bytes = &[];
        self.values = &[];
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else {
            self.fail("it ends early");
            return 0;
        };
        self.bytes = rest;
        *first
    }

    /// Takes the byte that comes next if it is this one.
    pub fn takes(&mut self, byte: u8) -> bool {
        let is_it = self.bytes.first() == Some(&byte);
        if is_it {
            self.bytes = &self.bytes[1..];
        }
        is_it
    }

    pub fn bool(&mut self) -> bool {
        let byte = self.byte();
        if byte > 1 {
            self.fail("a flag is neither 0 nor 1");
        }
        byte == 1
    }

    pub fn number(&mut self) -> u64 {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return number;
            }
        }
        self.fail("a number is too long");
        0
    }

    pub fn small(&mut self) -> u32 {
        let number = self.number();
        if number > u64::from(u32::MAX) {
            self.fail("a number is too large");
            return 0;
        }
        number as u32
    }

    /// A number that a session counts up: large enough for ever, small enough to be counted on.
    pub fn count(&mut self) -> u64 {
        let number = self.number();
        if number > 1 << 53 {
            self.fail("a number is too large");
            return 0;
        }
        number
    }

    /// The number of a step.
    pub fn step(&mut self) -> u32 {
        let step = self.small();
        if step > i32::MAX as u32 {
            self.fail("a number is too large");
            return 0;
        }
        step
    }

    /// A length of things that take at least one byte (or one value) each, so it cannot exceed what is left.
    pub fn len(&mut self) -> usize {
        let len = self.number();
        if len > (self.bytes.len() + self.values.len()) as u64 {
            self.fail("a length exceeds the record");
            return 0;
        }
        len as usize
    }

    /// Eight bytes, little-endian.
    pub fn bits(&mut self) -> u64 {
        let Some((first, rest)) = self.bytes.split_first_chunk::<8>() else {
            self.fail("it ends early");
            return 0;
        };
        self.bytes = rest;
        u64::from_le_bytes(*first)
    }

    pub fn float(&mut self) -> f64 {
        f64::from_bits(self.bits())
    }

    pub fn duration(&mut self) -> f64 {
        match self.number() {
            1 => self.float(),
            number => (number >> 1) as f64,
        }
    }

    pub fn instant(&mut self) -> f64 {
        self.clock = match self.number() {
            1 => self.float(),
            number => self.clock + (number >> 1) as f64,
        };
        self.clock
    }

    pub fn text(&mut self) -> Rc<str> {
        let len = self.number() as usize;
        let Some((text, rest)) = self.bytes.split_at_checked(len) else {
            self.fail("a text exceeds the record");
            return "".into();
        };
        self.bytes = rest;
        let text = std::str::from_utf8(text).unwrap_or_else(|_| {
            self.fail("a text is not UTF-8");
            ""
        });
        text.into()
    }

    /// `None` only when the record is broken.
    pub fn value(&mut self) -> Option<Value> {
        let Some((first, rest)) = self.values.split_first() else {
            self.fail("a value is missing");
            return None;
        };
        self.values = rest;
        Some(first.clone())
    }

    pub fn option(&mut self) -> Option<Value> {
        if self.bool() { self.value() } else { None }
    }

    pub fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut list = Vec::new();
        for _ in 0..self.len() {
            list.push(each(self));
        }
        list
    }
}
