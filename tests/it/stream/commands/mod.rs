mod sample;
mod state;
