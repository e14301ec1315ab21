"""When targets are polled, and what one round records and logs."""
