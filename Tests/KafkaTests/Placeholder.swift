// empty so far
