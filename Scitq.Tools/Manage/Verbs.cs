using Scitq.Tools.CommandLine;
using static Scitq.Tools.Manage.TaskOptions;

namespace Scitq.Tools.Manage;

/// <summary>The table of everything scitq-manage can do.</summary>
internal static class Verbs
{
    private static readonly Option Long = new("long", 'L', null, "all columns, nothing shortened");
    private static readonly Option ColumnNames = new("columns", 'C', "A,B,C", "these columns");
    private static readonly Option After = new("after", '\0', "ID", "go on after this one, older first to come");
    private static readonly Option Attempt = new("attempt", '\0', "N", "attempt N; -1 is the one before the latest");


    public static readonly IReadOnlyList<Verb> All =
    [
        new("task", "list", "Tasks, newest first.", "",
            [.. Filter, Long, ColumnNames, Limit("at most N (default: 20 in a table, else all; 0 is all)"), After,
                new("watch", '\0', null, "paint it anew whenever something changes, until interrupted")],
            ["scitq-manage task list -b mybatch -S failed", "scitq-manage task list --watch -S running",
                "scitq-manage task list --format csv -L > tasks.csv"], TaskListVerbs.ListAsync),
        new("task", "show", "All there is to know about tasks: attempts and history too.", "ID...",
            [Id, Name, Batch, Long, new("outputs", '\0', null, "only the files that were delivered: path, size, MD5"),
                Attempt with { Help = "with --outputs: of attempt N; -1 is the one before the latest" }],
            ["scitq-manage task show 12", "scitq-manage task show -i 12 --format json", "scitq-manage task show 12 --outputs --format csv"],
            TaskListVerbs.ShowAsync),
        new("task", "logs", "What a task printed, byte for byte: its stdout on stdout, its stderr on stderr.", "ID",
            [Id, Name, Batch, new("stdout", 'o', null, "only its stdout"), new("stderr", 'e', null, "only its stderr, on stdout"),
                new("follow", 'f', null, "go on until the task ends"),
             new("tail", '\0', "N", "only the last N lines"), Attempt, new("download", '\0', "FILE", "write into FILE")],
            ["scitq-manage task logs 12", "scitq-manage task logs -f --tail 10 12", "scitq-manage task logs -e --attempt -1 -i 12",
                "scitq-manage task logs -o --download out.txt 12"], TaskLogVerbs.LogsAsync) { Alias = "output" },
        new("task", "wait", "Wait for the end; exit with the task's own code (several: 0 if all succeeded).", "[ID...]",
            [Id, Name, Batch with { Help = "with names: of this batch; alone: all tasks of the batch" }],
            ["scitq-manage task wait 12", "scitq-manage task wait 15-20 --timeout 2h", "scitq-manage task wait -b mybatch"], TaskStateVerbs.WaitAsync),
        .. TaskActions.All.Select(action => action.Verb),
        new("task", "explain", "Why a task is where it is.", "ID...", [Id, Name, Batch], ["scitq-manage task explain 13"], TaskStateVerbs.ExplainAsync),
        new("attempt", "list", "Attempts, newest first.", "[TASK_ID]",
            [Id, Batch, Status with
                {
                    Help = "succeeded, failed, lost, cancelled, released, running...",
                    Choices = ["succeeded", "failed", "lost", "cancelled", "released", "running"],
                }, Worker, Long, ColumnNames,
                Limit("at most N (default: 10 in a table, else all; 0 is all)") with { Short = 'l' }],
            ["scitq-manage attempt list -i 12", "scitq-manage attempt list -w node1 -S lost"], OtherVerbs.AttemptsAsync),
        new("event", "list", "Lost workers, cancels, late reports, messages nobody could read.", "",
            [new("kind", 'k', "KIND", "lost, late, cancel_requested, "
                + "pause_requested, suspended, resume_requested, continued, relaunched, upload_retried, priority_given, refused..."), ColumnNames,
                Limit("at most N (default: 20 in a table, else all; 0 is all)")],
            ["scitq-manage event list", "scitq-manage event list -k malformed --format jsonl"], OtherVerbs.EventsAsync),
        new("batch", "list", "Batches with the number of their tasks by status.", "", [Long, ColumnNames], ["scitq-manage batch list"],
            OtherVerbs.BatchesAsync),
        new("batch", "show", "One batch.", "NAME", [new("name", 'n', "NAME", "the batch"), Long, ColumnNames], ["scitq-manage batch show Default --json"],
            OtherVerbs.BatchAsync),
        .. BatchVerbs.All,
        new("worker", "list", "Workers and how busy they are.", "",
            [Batch with { Section = "Options" }, Status with
                {
                    Section = "Options", Help = "running, offline, paused, stopped, full, draining, drained",
                    Choices = ["running", "offline", "paused", "stopped", "full", "draining", "drained"],
                }, Long, ColumnNames],
            ["scitq-manage worker list"], OtherVerbs.WorkersAsync),
        new("worker", "show", "One worker, and the resources it keeps.", "NAME", [WorkerOptions.Name, WorkerOptions.Id, Long, ColumnNames],
            ["scitq-manage worker show node1", "scitq-manage worker show node1 --json"], WorkerVerbs.ShowAsync),
        new("worker", "stats", "How busy the machines of workers are, or were within the last 24 hours.", "[NAME...]",
            [WorkerOptions.Name, WorkerOptions.Id, Batch with { Section = "Options" }, new("last", '\0', "DUR", "their history: of the last 6h, say"),
                new("step", '\0', "DUR", "with --last: one line for so long, with the means (default: a twelfth)")],
            ["scitq-manage worker stats", "scitq-manage worker stats node1 --last 6h --step 30m --format csv"], WorkerStatsVerb.RunAsync),
        new("worker", "update", "Change what workers do from now on; it outlives a restart of their agent.", "NAME...",
            [WorkerOptions.Name, WorkerOptions.Id, new("concurrency", 'C', "N", "how many tasks run at once"),
                new("prefetch", 'p', "N", "how many more are staged ahead"),
                new("batch", 'b', "NAME", "the batch to serve; what it has already ends"),
             new("status", 'S', "STATUS", "running or paused")],
            ["scitq-manage worker update -n node1 -C 8 -p 2", "scitq-manage worker update node1 -b urgent"], WorkerVerbs.UpdateAsync),
        new("worker", "pause", "Let workers take and start nothing new; what runs goes on.", "NAME...", [WorkerOptions.Name, WorkerOptions.Id],
            ["scitq-manage worker pause node1"], WorkerVerbs.PauseAsync),
        new("worker", "resume", "Let paused workers take tasks again, and those stay that drain.", "NAME...", [WorkerOptions.Name, WorkerOptions.Id],
            ["scitq-manage worker resume node1"], WorkerVerbs.ResumeAsync),
        .. WorkerActions.All.Select(a => a.Verb),
        new("debug", "run", "Run one task at this terminal, as a worker of this machine would; nothing is reported or delivered.", "[ID]",
            [Id, Name, Batch with { Help = "alone: the next task of this batch" }, new("shell", '\0', null, "a shell in place of the command"),
                new("reuse", 'r', null, "use what an earlier run has fetched"), new("no-resource", '\0', null, "without its resources"),
             new("directory", '\0', "DIR", "where its directories are made (default: ~/.cache/scitq/debug)")],
            ["scitq-manage debug run 12", "scitq-manage debug run --shell -r 12"], DebugVerbs.RunAsync),
        new("server", "status", "Version, health, and how much there is to do.", "", [], ["scitq-manage server status"], OtherVerbs.ServerStatusAsync),
        new("server", "prune", "Remove now the ended tasks, output and events that are no longer kept, instead of within the hour.", "",
            [DryRun with { Help = "show how much, do nothing" }], ["scitq-manage server prune --dry-run"], PruneVerb.RunAsync),
        new("server", "wait", "Wait until the server is ready.", "", [], ["scitq-manage server wait --timeout 60"], OtherVerbs.ServerWaitAsync),
        .. WatchVerbs.All,
        .. SetupVerbs.All,
    ];

    public static IEnumerable<string> Objects => All.Select(v => v.Object).Distinct();

    /// <summary>The name of an object today; scripts may still use an older one.</summary>
    public static string Canonical(string name) => name == "execution" ? "attempt" : name;

    private static Option Limit(string help) => new("limit", '\0', "N", help);
}
