import Cloud

/// Core has a type of this name too, for pacing; here the client's is meant.
typealias CloudAction = Cloud.CloudAction
