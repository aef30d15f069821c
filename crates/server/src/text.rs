//! Text out of the bytes of a file: UTF-8, or UTF-16 as Windows' editors and PowerShell write it.

use anyhow::anyhow;

/// What a file of UTF-16 begins with, its first byte being the lower half or the higher.
const LITTLE_ENDIAN: &[u8] = &[0xff, 0xfe];
const BIG_ENDIAN: &[u8] = &[0xfe, 0xff];

/// Reads text. Fails with what is wrong with it, and what to do.
pub(crate) fn of(bytes: Vec<u8>) -> anyhow::Result<String> {
    if let Some(rest) = bytes.strip_prefix(LITTLE_ENDIAN) {
        return wide(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(BIG_ENDIAN) {
        return wide(rest, u16::from_be_bytes);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].split(|it| *it == b'\n').count();
        anyhow!("line {line} is no UTF-8 text; save the file as UTF-8")
    })
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> anyhow::Result<String> {
    let (pairs, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(anyhow!("the file ends within a character of UTF-16; save it as UTF-8"));
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map_err(|_| anyhow!("the file has half a character of UTF-16; save it as UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_windows_writes_is_read() {
        let text = "Get-CsRgsQueue –Name \"Büro 😀\"\r\n";
        let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect()
        };
        for bytes in [text.into(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(of(bytes).unwrap(), text);
        }
    }

    #[test]
    fn other_bytes_are_refused_with_what_to_do() {
        let said = |bytes: &[u8]| of(bytes.into()).unwrap_err().to_string();
        assert_eq!(
            said(b"Get-CsTopology\nGet-CsPool \x96Name x"),
            "line 2 is no UTF-8 text; save the file as UTF-8"
        );
        assert!(said(b"\xff\xfea").contains("ends within a character"));
        assert!(said(b"\xff\xfe\x00\xd8").contains("half a character"));
    }
}
