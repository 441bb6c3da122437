extension JSONReader {
    /// Bytes consumed so far.
    public var offset: Int { p - base }

    /// Goes to an offset seen before: back, to read a value in another way when the first one failed, and forth again.
    public mutating func move(to offset: Int) {
        precondition(0 <= offset && offset <= end - base, "an offset of this document")
        p = base + offset
    }
}
