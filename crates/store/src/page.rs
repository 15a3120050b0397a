//! Pages of a list. A cursor names the last item that was returned, so that items
//! that come or go elsewhere in the list neither repeat nor hide others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nova_domain::Fault;

/// Most items of one page.
pub const PAGE_MAX: u32 = 500;
/// Items of a page when the caller names no number.
pub const PAGE_DEFAULT: u32 = 50;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    cursor: Option<String>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: PAGE_DEFAULT, cursor: None }
    }
}

impl PageRequest {
    /// A page of at most `limit` items (1..=[`PAGE_MAX`]) after `cursor`, which is the
    /// `next_cursor` of the page before.
    pub fn new(limit: u32, cursor: Option<String>) -> Result<Self, Fault> {
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Fault::invalid(format!("limit must be 1 to {PAGE_MAX}, is {limit}"))
                .with_field("limit", format!("must be 1 to {PAGE_MAX}")));
        }
        if cursor.as_ref().is_some_and(|cursor| cursor.len() > 1024) {
            return Err(bad_cursor());
        }
        Ok(Self { limit, cursor: cursor.filter(|cursor| !cursor.is_empty()) })
    }

    /// The first page of the largest size; for loops over everything.
    pub fn largest() -> Self {
        Self { limit: PAGE_MAX, cursor: None }
    }

    /// The page of the same size after `cursor`.
    #[must_use]
    pub fn after(&self, cursor: String) -> Self {
        Self { limit: self.limit, cursor: Some(cursor) }
    }

    /// Most items that are wanted.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// One row more than wanted, to see whether there is a next page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Where a list that begins with the newest goes on: time and id of the last item that was returned.
    pub(crate) fn before(&self) -> Result<(i64, String), Fault> {
        match self.keys::<2>()? {
            Some([at, id]) => Ok((at.parse().map_err(|_| bad_cursor())?, id)),
            // Ids are ASCII: everything sorts before this.
            None => Ok((i64::MAX, "~".to_owned())),
        }
    }

    /// The parts that [`Page::of`] put in the cursor, or `None` for the first page.
    pub(crate) fn keys<const N: usize>(&self) -> Result<Option<[String; N]>, Fault> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_cursor())?;
        let keys: Vec<String> = serde_json::from_slice(&bytes).map_err(|_| bad_cursor())?;
        let keys: [String; N] = keys.try_into().map_err(|_| bad_cursor())?;
        // PostgreSQL takes no NUL in text, and no key of ours has one.
        if keys.iter().any(|key| key.contains('\0')) {
            return Err(bad_cursor());
        }
        Ok(Some(keys))
    }
}

pub(crate) fn bad_cursor() -> Fault {
    Fault::invalid("the cursor is not one that Nova gave out; begin again without it")
        .with_field("cursor", "take it from `next_cursor` unchanged")
}

/// Some items of a list and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Opaque; `None` when this was the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Builds the page from up to `request.fetch()` rows; `keys` gives the sort key of an item.
    pub(crate) fn of<const N: usize>(
        request: &PageRequest,
        mut rows: Vec<T>,
        keys: impl Fn(&T) -> [String; N],
    ) -> Self {
        let limit = request.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let text = serde_json::to_vec(&keys(last).to_vec()).expect("strings are always JSON");
            URL_SAFE_NO_PAD.encode(text)
        });
        Self { items: rows, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_keys_and_a_forged_one_is_refused() {
        let request = PageRequest::new(2, None).expect("in bounds");
        let page = Page::of(&request, vec!["a", "b", "c"], |item| [(*item).to_owned()]);
        assert_eq!(page.items, ["a", "b"]);
        let next = request.after(page.next_cursor.expect("one more"));
        assert_eq!(next.keys::<1>().expect("own cursor"), Some(["b".to_owned()]));
        assert!(next.keys::<2>().is_err());
        for forged in ["!", "bm9qc29u", &URL_SAFE_NO_PAD.encode("[\"a\\u0000\"]")] {
            assert!(request.after(forged.to_owned()).keys::<1>().is_err(), "{forged}");
        }
    }

    #[test]
    fn limits_out_of_bounds_are_refused() {
        assert!(PageRequest::new(0, None).is_err());
        assert!(PageRequest::new(PAGE_MAX + 1, None).is_err());
    }
}
