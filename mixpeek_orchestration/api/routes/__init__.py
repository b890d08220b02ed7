"""One router per resource. A route finds what it is about, calls one service and shapes the answer."""
