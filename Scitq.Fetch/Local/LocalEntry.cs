namespace Scitq.Fetch.Local;

/// <summary>Something that a directory holds.</summary>
/// <param name="Name">Relative to the directory that was walked, with slashes.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Facts">Its kind, size, date and mode.</param>
internal sealed record LocalEntry(string Name, string Path, FileFacts Facts);
