//! `stream mirror` and what goes with it, through the built program.

mod bucket;
mod containers;
mod content;
mod downloads;
mod dry;
mod full;
mod hooks;
mod latest;
mod layouts;
mod locked;
mod order;
mod plain;
mod promote;
mod refused;
mod signatures;
mod stopped;
