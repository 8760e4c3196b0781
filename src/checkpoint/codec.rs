//! Bytes of a record: variable-length integers (LEB128), text, and instants as differences. Reading never panics: anything
//! that does not fit is `Broken`.

use crate::state::Value;
use std::rc::Rc;

/// A record's bytes end early or say something impossible.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
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
        if ms >= 0.0 && ms < 9e15 && ms.fract() == 0.0 {
            self.number((ms as u64) << 1);
        } else {
            self.number(1u64);
            self.float(ms);
        }
    }

    /// As the difference to the instant before it, exactly.
    pub fn instant(&mut self, at: f64) {
        let difference = at - self.clock;
        if self.clock + difference == at && difference >= 0.0 && difference < 9e15 && difference.fract() == 0.0 {
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

/// Reads what `Writer` wrote.
pub struct Reader<'a> {
    bytes: &'a [u8],
    values: std::slice::Iter<'a, Value>,
    clock: f64,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], values: &'a [Value]) -> Self {
        Self { bytes, values: values.iter(), clock: 0.0 }
    }

    pub fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn byte(&mut self) -> Result<u8, Broken> {
        let (first, rest) = self.bytes.split_first().ok_or(Broken("it ends early"))?;
        self.bytes = rest;
        Ok(*first)
    }

    pub fn bool(&mut self) -> Result<bool, Broken> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Broken("a flag is neither 0 nor 1")),
        }
    }

    pub fn number(&mut self) -> Result<u64, Broken> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Broken("a number is too long"))
    }

    pub fn small(&mut self) -> Result<u32, Broken> {
        u32::try_from(self.number()?).map_err(|_| Broken("a number is too large"))
    }

    /// A length of things that take at least one byte (or one value) each, so it cannot exceed what is left.
    pub fn len(&mut self) -> Result<usize, Broken> {
        let len = self.number()? as usize;
        if len > self.bytes.len() + self.values.len() {
            return Err(Broken("a length exceeds the record"));
        }
        Ok(len)
    }

    pub fn float(&mut self) -> Result<f64, Broken> {
        let (first, rest) = self.bytes.split_first_chunk::<8>().ok_or(Broken("it ends early"))?;
        self.bytes = rest;
        Ok(f64::from_le_bytes(*first))
    }

    pub fn duration(&mut self) -> Result<f64, Broken> {
        match self.number()? {
            1 => self.float(),
            number => Ok((number >> 1) as f64),
        }
    }

    pub fn instant(&mut self) -> Result<f64, Broken> {
        self.clock = match self.number()? {
            1 => self.float()?,
            number => self.clock + (number >> 1) as f64,
        };
        Ok(self.clock)
    }

    pub fn text(&mut self) -> Result<Rc<str>, Broken> {
        let len = self.number()? as usize;
        if len > self.bytes.len() {
            return Err(Broken("a text exceeds the record"));
        }
        let (text, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        Ok(std::str::from_utf8(text).map_err(|_| Broken("a text is not UTF-8"))?.into())
    }

    pub fn value(&mut self) -> Result<Value, Broken> {
        self.values.next().cloned().ok_or(Broken("a value is missing"))
    }

    pub fn option(&mut self) -> Result<Option<Value>, Broken> {
        if self.bool()? { self.value().map(Some) } else { Ok(None) }
    }

    pub fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T, Broken>) -> Result<Vec<T>, Broken> {
        let len = self.len()?;
        let mut list = Vec::with_capacity(len.min(4096));
        for _ in 0..len {
            list.push(each(self)?);
        }
        Ok(list)
    }
}
