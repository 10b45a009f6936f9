using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>The options that say which tasks, and those that all actions on tasks share.</summary>
internal static class TaskOptions
{
    private static readonly string[] States =
        ["waiting", "pending", "accepted", "running", "suspended", "uploading", "succeeded", "failed", "cancelled", "paused"];

    public static readonly Option Id = new("id", 'i', "ID", "task: 12, 15-20, 1,3,5-8 or a GUID") { Given = Given.Many, Section = Which };
    public static readonly Option Name = new("name", 'n', "NAME", "tasks of this name") { Given = Given.Many, Section = Which };
    public static readonly Option Batch = new("batch", 'b', "NAME", "of this batch") { Given = Given.Many, Section = Which };
    public static readonly Option Status = new("status", 'S', "STATUS", string.Join(", ", States))
        { Given = Given.Many, Section = Which, Choices = States };
    public static readonly Option Worker = new("worker", 'w', "NAME", "of this worker") { Given = Given.Many, Section = Which };
    public static readonly Option Class = new("class", '\0', "CLASS", "exit, oom, timeout, disk, download, upload, image, start, lost")
        { Given = Given.Many, Section = Which, Choices = ["exit", "oom", "timeout", "disk", "download", "upload", "image", "start", "lost"] };
    public static readonly Option ExitCode = new("exit-code", '\0', "N", "that ended with this code") { Section = Which };
    public static readonly Option Since = new("since", '\0', "TIME", "made after: 2026-11-22T10:00, or 2h for two hours ago") { Section = Which };
    public static readonly Option Until = new("until", '\0', "TIME", "made before") { Section = Which };
    public static readonly Option CommandLike = new("command-like", '\0', "TEXT", "whose command looks so: % is anything, _ one character")
        { Section = Which };
    public static readonly Option All = new("all", '\0', null, "every task") { Section = Which };
    public static readonly Option Reason = new("reason", '\0', "TEXT", "kept in the history of each");
    public static readonly Option DryRun = new("dry-run", '\0', null, "show which, do nothing");

    /// <summary>What narrows a list.</summary>
    public static readonly IReadOnlyList<Option> Filter = [Batch, Status, Worker, Class, Name, ExitCode, Since, Until, CommandLike];

    /// <summary>All ways to say which.</summary>
    public static readonly IReadOnlyList<Option> Selection = [Id, Name, Batch, Status, Worker, Class, ExitCode, Since, Until, CommandLike, All];

    private const string Which = "Which tasks";
}
