using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage.Output;

/// <summary>The columns of what a batch took.</summary>
internal static class StatsColumns
{
    private static readonly string[] Phases = ["queue", "fetch", "run", "upload"], Figures = ["median", "min", "max", "p95"];

    public static readonly Column Batch = Column.Plain("batch");

    /// <summary>For people: each time as its median, with the shortest and the longest.</summary>
    public static readonly IReadOnlyList<Column> Table =
    [
        Column.Plain("status"), Column.Plain("tasks"), Range("queue_wait", "queue"), Range("fetch", "fetch"), Range("run", "run"), Range("upload", "upload"),
        .. Sums(),
    ];

    /// <summary>For programs: each figure by itself.</summary>
    public static readonly IReadOnlyList<Column> Flat =
    [
        Column.Plain("status"), Column.Plain("tasks"), Column.Plain("attempts"),
        .. Phases.SelectMany(phase => Figures.Select(figure => new Column($"{phase}_{figure}", (row, _) => Time(row, phase, figure)))), .. Sums(),
    ];

    private static IEnumerable<Column> Sums() =>
    [
        Column.Size("peak_memory"), new("cpu_seconds", (row, _) => row.Real("cpu_seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
        Column.Size("bytes_in"), Column.Size("bytes_out"), Column.Plain("cost"), new("causes", (row, _) => string.Join(", ", row.Texts("causes"))),
    ];

    private static Column Range(string name, string phase) => new(name, (row, _) =>
        (Time(row, phase, "median"), Time(row, phase, "min"), Time(row, phase, "max")) is ({ } median, { } min, { } max)
            ? $"{Duration.Show(median)} ({Duration.Show(min)}-{Duration.Show(max)})"
            : null);

    private static TimeSpan? Time(JsonElement row, string phase, string figure) =>
        row.TryGetProperty(phase, out var spread) && spread.ValueKind == JsonValueKind.Object && spread.Real(figure) is { } seconds
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
