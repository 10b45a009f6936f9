using System.Text.Json;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage.Output;

/// <summary>The columns that tell how busy a machine is.</summary>
internal static class UsageColumns
{
    /// <summary>Those of any list of workers, where the figures are a member of the row.</summary>
    public static readonly IReadOnlyList<Column> OfWorker = [Percent("cpu%", "cpu"), Percent("mem%", "memory"), Percent("disk%", "disk")];

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Column> All =
    [
        Percent("cpu%", "cpu"), Percent("iowait%", "io_wait"), Percent("mem%", "memory"), new("load", (row, _) => Usage(row).Real("load")),
        Percent("disk%", "disk"), Rate("read/s", "disk_read"), Rate("write/s", "disk_written"), Rate("in/s", "received"), Rate("out/s", "sent"),
        Percent("gpu%", "gpu"), Percent("gpu_mem%", "gpu_memory"),
    ];

    private static Column Percent(string name, string member) => new(name, (row, _) => Usage(row).Real(member) is { } value ? new Percent(value) : null);

    private static Column Rate(string name, string member) => new(name, (row, _) => Usage(row).Real(member) is { } bytes ? new Bytes(bytes) : null);

    private static JsonElement Usage(JsonElement row) =>
        row.TryGetProperty("usage", out var usage) ? usage.ValueKind == JsonValueKind.Object ? usage : Nothing : row;

    private static JsonElement Nothing { get; } = JsonDocument.Parse("{}").RootElement;
}
