internal import Core
internal import JSON
internal import Models

/// Whether and how a client wants tables, which is what `kubectl get` prints.
struct TableRequest: Sendable {
    /// `Object` sends whole objects along, anything else their metadata.
    var wholeObjects: Bool
    /// Nil unless the Accept header asks for a table first.
    init?(accept: String, includeObject: String?) {
        guard let first = accept.split(separator: ",").first, first.contains("as=Table") else { return nil }
        wholeObjects = includeObject == "Object"
    }
}

/// `meta.k8s.io/v1` Tables, made by the server as the real one makes them.
enum Tables {
    /// - Parameter value: an object, a list or a bookmark of that kind.
    static func table(of value: JSONValue, _ resource: Resource, _ request: TableRequest, now: Timestamp) -> JSONValue {
        let columns = TableColumns.of(resource)
        let isBookmark = value["metadata"]["name"].isNull && !value.has("items")
        let items = value["items"].array ?? (isBookmark ? [] : [value])
        var metadata: JSONValue = ["resourceVersion": value["metadata"]["resourceVersion"]]
        for field in ["continue", "remainingItemCount"] where value["metadata"].has(field) { metadata[field] = value["metadata"][field] }
        let rows = items.map { item -> JSONValue in
            var object: JSONValue = ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]]
            if request.wholeObjects { object = item }
            return ["cells": .array(columns.map { $0.cell(item, now) }), "object": object]
        }
        let definitions = columns.map { column -> JSONValue in
            [
                "name": .string(column.name), "type": .string(column.type), "format": column.name == "Name" ? "name" : "", "description": "",
                "priority": .int(column.priority),
            ]
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": .array(definitions), "rows": .array(rows),
        ]
    }

    /// `45s`, `3m12s`, `5h`, `2d3h`: k8s.io/apimachinery/pkg/util/duration.HumanDuration.
    static func age(since text: String?, now: Timestamp) -> String {
        guard let text, let start = Timestamp(rfc3339: text) else { return "<unknown>" }
        let seconds = (now - start).milliseconds / 1000
        if seconds < -1 { return "<invalid>" }
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        func with(_ big: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
            small == 0 ? "\(big)\(unit)" : "\(big)\(unit)\(small)\(smallUnit)"
        }
        if seconds < 120 { return "\(max(0, seconds))s" }
        if minutes < 10 { return with(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        if hours < 8 { return with(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        if days < 8 { return with(days, "d", hours % 24, "h") }
        return "\(days)d"
    }
}
