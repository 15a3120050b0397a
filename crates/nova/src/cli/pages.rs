//! Whole lists, page by page.

use nova_api::client::{ClientError, ListKeys, PageQuery};
use nova_api::v1::Page;

/// Items of one page, as many as the server gives.
pub(super) const PAGE: u32 = 500;

/// Every item of a list.
pub(super) async fn all<T>(
    ask: impl AsyncFn(&PageQuery) -> Result<Page<T>, ClientError>,
) -> Result<Vec<T>, ClientError> {
    up_to(usize::MAX, ask).await
}

/// The first `most` items of a list.
pub(super) async fn up_to<T>(
    most: usize,
    ask: impl AsyncFn(&PageQuery) -> Result<Page<T>, ClientError>,
) -> Result<Vec<T>, ClientError> {
    let mut query = PageQuery::default();
    let mut items: Vec<T> = Vec::new();
    while items.len() < most {
        let left = u32::try_from(most - items.len()).unwrap_or(PAGE);
        query.limit = Some(left.min(PAGE));
        let page = ask(&query).await?;
        items.extend(page.items);
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    Ok(items)
}

/// Every item of a list of the tenant, or of the server.
pub(super) async fn all_of<T>(
    server: bool,
    ask: impl AsyncFn(&ListKeys) -> Result<Page<T>, ClientError>,
) -> Result<Vec<T>, ClientError> {
    all(async |page: &PageQuery| {
        ask(&ListKeys { server, limit: page.limit, cursor: page.cursor.clone() }).await
    })
    .await
}
