//! Bytes from outside to disk and back: content-addressed objects, source trees, the code cache.
