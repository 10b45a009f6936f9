using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage.Output;

/// <summary>How rows are written.</summary>
internal enum Format
{
    Table,
    Tsv,
    Csv,
    Json,
    Jsonl,
}

internal static class Formats
{
    public static readonly string[] Names = ["table", "tsv", "csv", "json", "jsonl"];

    public static Format Choose(string? name, bool terminal)
    {
        if (name is null) return terminal ? Format.Table : Format.Tsv;
        var index = Array.IndexOf(Names, name.ToLowerInvariant());
        return index >= 0 ? (Format)index : throw new UsageException($"--format '{name}' is none of {string.Join(", ", Names)}{Near.DidYouMean(name, Names)}");
    }
}
