using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Reuse;

/// <summary>In what a task differs from an earlier one.</summary>
internal static class PartDifference
{
    private const int Shown = 3;

    /// <summary>How many parts are the same.</summary>
    public static int Common(IReadOnlyList<CachePart> parts, IReadOnlyList<CachePart> earlier)
    {
        var known = earlier.Select(Identity).ToHashSet();
        return parts.Count(p => known.Contains(Identity(p)));
    }

    /// <summary>One line about the parts that differ; the first few of them.</summary>
    public static string Between(IReadOnlyList<CachePart> parts, IReadOnlyList<CachePart> earlier, long number)
    {
        var before = earlier.ToLookup(p => p.Name);
        var now = parts.Select(p => p.Name).ToHashSet();
        var texts = parts.Where(p => !before[p.Name].Any(b => Identity(b) == Identity(p))).Select(p => Text(p, before[p.Name].FirstOrDefault(), number))
            .Concat(earlier.Where(b => !now.Contains(b.Name)).Select(b => $"task {number} had {Describe(b)}, which this one has not")).ToList();
        if (texts.Count == 0) return $"inputs or resources come in another order than in task {number}";
        return string.Join("; ", texts.Take(Shown)) + (texts.Count > Shown ? $"; and {texts.Count - Shown} more differences" : "");
    }

    private static string Text(CachePart part, CachePart? before, long number)
    {
        if (before is null) return $"{Describe(part)} was not there in task {number}";
        if (part.Uri is null) return $"{part.Name} is not that of task {number}";
        return part.Size != before.Size ? $"{Describe(part)} has another size than in task {number}"
            : $"{Describe(part)} has other content (or date) than in task {number}";
    }

    /// <summary>Data by where it is: <c>input s3://bucket/reads.fastq.gz</c>.</summary>
    private static string Describe(CachePart part) => part.Uri is null ? part.Name : $"{part.Name.Split(' ')[0]} {part.Uri}";

    private static (string Name, string Value) Identity(CachePart part) => (part.Name, part.Value);
}
