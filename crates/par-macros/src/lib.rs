//! Attributes of par.
use proc_macro::TokenStream;

/// Registers a workload, so that its chunks can run in another process.
#[proc_macro_attribute]
pub fn workload(_attributes: TokenStream, item: TokenStream) -> TokenStream { item }
