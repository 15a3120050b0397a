//! SQL as named constants, so that a test can prepare every one.

/// One SQL statement. Repositories run nothing but these.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    #[cfg_attr(not(test), allow(dead_code, reason = "tests name the statement that fails"))]
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Declares constants of type [`Statement`] and `STATEMENTS`, the list of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $($sql:expr),+ ;)+) => {
        $($(#[$doc])* const $name: crate::statement::Statement =
            crate::statement::Statement { name: stringify!($name), sql: concat!($($sql),+) };)+
        /// Every statement of this module; for the test that prepares them.
        #[cfg(test)]
        pub(super) const STATEMENTS: &[crate::statement::Statement] = &[$($name),+];
    };
}
pub(crate) use statements;
