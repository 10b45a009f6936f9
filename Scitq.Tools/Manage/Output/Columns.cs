using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage.Output;

/// <summary>The columns of every list; the short ones by default, all with -L.</summary>
internal static class Columns
{
    private static readonly Column Command = Column.Renamed("command", "argv");

    private static readonly Column Why = new("why", (row, _) => row.Text("why") ?? row.Text("failure_class") ?? row.Text("phase")) { Least = 9 };

    private static readonly Column Retry = new(
        "retry", (row, _) => row.Number("retry") is { } retry ? $"{retry - (row.Number("retries_left") ?? retry)}/{retry}" : null) { Nothing = "0/0" };

    private static readonly Column ExitCode = Column.Plain("exit_code") with { Nothing = "0" };

    private static readonly Column Age = new("age", (row, now) => row.Time("created") is { } created ? now - created : null);

    private static readonly Column RunTime = new("runtime", (row, now) =>
        row.Time("started") is { } started && (row.Time("run_ended") ?? (IsOver(row) ? row.Time("finished") : now)) is { } ended ? ended - started : null);

    public static readonly IReadOnlyList<Column> TaskShort =
    [
        Column.Plain("task_id"), Column.Plain("name"), Column.Plain("status"), Why, Column.Plain("worker"), RunTime, Column.Plain("exit_code"), Retry, Command,
    ];

    /// <summary>For people: with what only they need, and in as few characters as can be.</summary>
    public static readonly IReadOnlyList<Column> TaskTable =
    [
        Column.Plain("task_id"), Column.Plain("name"), Column.Plain("status"), Why, Column.Plain("worker"), Age,
        Column.Recent("started"), RunTime, ExitCode, Retry, Command,
    ];

    /// <summary>Of a task that a worker has in hand, as <c>top</c> shows it.</summary>
    public static readonly IReadOnlyList<Column> TaskLive =
    [
        Column.Plain("task_id"), Column.Plain("name"), Column.Plain("batch"), Column.Plain("status"), Column.Plain("worker"), RunTime, Column.Plain("phase"),
        Column.Plain("command"),
    ];

    public static readonly IReadOnlyList<Column> TaskLong =
    [
        Column.Plain("task_id"), Column.Plain("id"), Column.Plain("name"), Column.Plain("batch"), Column.Plain("status"), Column.Plain("why"),
        Column.Plain("phase"), Column.Plain("worker"), Column.Plain("attempt"),
        Column.Plain("exit_code"), Column.Plain("failure_class"), Column.Plain("reason"), RunTime, Column.Plain("priority"), Retry,
        Column.Plain("infra_losses"), Column.Plain("image"), Column.Plain("docker_options"),
        Column.Plain("uid"), Column.Plain("gid"), Column.Plain("inputs"), Column.Plain("resources"), Column.Plain("output"), Column.Plain("env"),
        Column.Plain("secrets"), Column.Plain("mask_secrets"), Column.Plain("requirements"),
        Column.Plain("run_timeout"), Column.Plain("download_timeout"), Column.Time("created"), Column.Time("queued"), Column.Time("accepted"),
        Column.Time("started"), Column.Time("run_ended"), Column.Time("finished"),
        Column.Time("retry_due"), Column.Plain("submitted_by"), Column.Plain("cancel_requested"), Column.Plain("pause_requested"),
        Column.Plain("redelivers"), Column.Plain("use_cache"),
        Column.Plain("strict_output"), Column.Plain("cached_from"), Column.Plain("not_reused"), Column.Plain("warnings"), Command,
    ];

    public static readonly IReadOnlyList<Column> AttemptShort =
    [
        Column.Plain("execution_id"), Column.Plain("task_id"), Column.Plain("attempt"), Column.Plain("status"), Column.Plain("worker"), RunTime,
        Column.Plain("exit_code"), Column.Renamed("why", "failure_class"),
        Column.Size("peak_memory"), Column.Recent("finished"), Column.Plain("reason"),
    ];

    public static readonly IReadOnlyList<Column> AttemptLong =
    [
        Column.Plain("execution_id"), Column.Plain("task_id"), Column.Plain("id"), Column.Plain("attempt"), Column.Plain("status"), Column.Plain("worker"),
        Column.Plain("exit_code"), Column.Plain("failure_class"),
        RunTime, Column.Time("accepted"), Column.Time("started"), Column.Time("run_ended"), Column.Time("finished"), Column.Size("stdout_bytes"),
        Column.Size("stderr_bytes"), Column.Size("peak_memory"),
        Column.Plain("cpu_seconds"), Column.Size("bytes_in"), Column.Size("bytes_out"), Column.Plain("redelivers"), Column.Plain("cached_from"),
        Column.Plain("not_reused"), Column.Plain("warnings"), Column.Plain("reason"),
    ];

    public static readonly IReadOnlyList<Column> History = [Column.Time("at"), Column.Plain("kind"), Column.Plain("attempt"), Column.Plain("worker"),
        Column.Plain("by"), Column.Plain("detail")];

    public static readonly IReadOnlyList<Column> Event = [Column.Plain("event_id"), Column.Time("at"), Column.Plain("kind"), Column.Plain("task_id"),
        Column.Plain("attempt"), Column.Plain("worker"), Column.Plain("by"), Column.Plain("detail")];

    private static readonly Column BatchState = Column.Plain("status") with { Nothing = "running" };

    private static readonly Column Stopped = Column.Renamed("why", "stopped_reason");

    public static readonly IReadOnlyList<Column> BatchShort =
    [
        Column.Plain("batch"), Column.Plain("pending"), Column.Plain("accepted"), Column.Plain("running"), Column.Plain("succeeded"), Column.Plain("failed"),
        Column.Plain("total"), Column.Plain("workers"), BatchState, Stopped,
    ];

    public static readonly IReadOnlyList<Column> BatchLong =
    [
        Column.Plain("batch"), Column.Plain("waiting"), Column.Plain("pending"), Column.Plain("accepted"), Column.Plain("running"), Column.Plain("suspended"),
        Column.Plain("uploading"), Column.Plain("succeeded"), Column.Plain("failed"),
        Column.Plain("cancelled"), Column.Plain("paused"), Column.Plain("total"), Column.Plain("workers"), BatchState,
        Column.Time("stopped"), Column.Plain("stopped_by"), Column.Plain("stopped_reason"), Column.Plain("max_fails"), Column.Plain("description"),
        Column.Plain("priority"), Column.Plain("keep_tasks"), Column.Plain("keep_logs"),
    ];

    public static readonly IReadOnlyList<Column> WorkerShort =
    [
        Column.Plain("worker_id"), Column.Plain("name"), Column.Plain("status"), Column.Plain("batch"), Column.Plain("concurrency"), Column.Plain("prefetch"),
        Column.Plain("running"), .. UsageColumns.OfWorker, Column.Plain("load"), Column.Age("last_seen"),
        Column.Plain("why"),
    ];

    public static readonly IReadOnlyList<Column> WorkerLong =
    [
        .. WorkerShort, Column.Plain("hold"), Column.Plain("resources"), Column.Size("cached"), Column.Plain("leases"), Column.Plain("hostname"),
        Column.Plain("cpus"), Column.Size("memory"), Column.Size("memory_available"),
        Column.Size("disk_free"), Column.Plain("gpus"), Column.Plain("docker"), Column.Plain("version"), Column.Time("registered"),
    ];

    public static readonly IReadOnlyList<Column> Output = [Column.Plain("path"), Column.Size("size"), Column.Plain("md5")];

    public static readonly IReadOnlyList<Column> Cached = [Column.Size("bytes"), Column.Plain("users"), Column.Age("last_used"), Column.Plain("uri")];

    /// <summary>The short or the long columns, or those asked for by name.</summary>
    public static IReadOnlyList<Column> Choose(ParsedLine line, IReadOnlyList<Column> shortOnes, IReadOnlyList<Column> longOnes)
    {
        if (line.Value("columns") is not { } asked) return line.Has("long") ? longOnes : shortOnes;
        List<Column> all = [.. longOnes, .. shortOnes.Where(s => longOnes.All(l => l.Name != s.Name))];
        return [.. asked.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(name => all.Find(c => c.Name == name)
            ?? throw new UsageException(
                $"there is no column '{name}'{Near.DidYouMean(name, all.Select(c => c.Name))}",
                $"Columns: {string.Join(' ', all.Select(c => c.Name).Distinct())}"))];
    }

    private static bool IsOver(JsonElement row) => row.Text("status") is "succeeded" or "failed" or "cancelled" or "lost" or "released";
}
