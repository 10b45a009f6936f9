using System.Globalization;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Everything that can be done with tasks: another verb is a line here.</summary>
internal static class TaskActions
{
    private static readonly Option Priority = new("priority", '\0', "N", "-10 to 10, higher first");

    public static readonly IReadOnlyList<TaskAction> All =
    [
        new("cancel", "cancelled", "End tasks for good, running ones too.", "scitq-manage task cancel 12", "scitq-manage task cancel -y -b mybatch -S pending")
            { TakesTime = true },
        new("stop", "stopped", "End what workers have: TERM, a grace, KILL; no retry follows.", "scitq-manage task stop 12",
            "scitq-manage task stop -y -b mybatch --reason 'wrong reference'") { TakesTime = true },
        new("kill", "killed", "End what workers have at once, by KILL; no retry follows.", "scitq-manage task kill 12",
            "scitq-manage task kill -y -w node1") { TakesTime = true },
        new("signal", "signalled", "Send a signal to commands that run, once.", "scitq-manage task signal -N USR1 12",
            "scitq-manage task signal -y -N 10 -b mybatch")
        {
            Options = [new("signal", 'N', "SIGNAL", "its name (USR1) or number; needed")],
            Arguments = (context, json) => json.WriteString("signal", Signal(context)),
            TakesTime = true,
        },
        new("relaunch", "queued again", "Run ended tasks once more.", "scitq-manage task relaunch 12",
            "scitq-manage task relaunch -b mybatch -S failed --class oom --dry-run")
        {
            Options = [new("keep-retries", '\0', null, "retries that were spent stay spent; else each has all of them again")],
            Arguments = (context, json) => json.WriteIf("keep_retries", context.Line.Has("keep-retries")),
        },
        new("update", "updated", "Change tasks: their command, image, data, limits, batch or what they require.", "scitq-manage task update 12 -- echo again",
            "scitq-manage task update 12 -d ubuntu:24.04 --restart", "scitq-manage task update -b mybatch -S pending --command-sub 's/--db old/--db new/'")
        {
            Operands = "[ID...] [-- COMMAND [ARG]...]",
            Tasks = line => line.BeforeEnd,
            ShowsChanges = true,
            Options = TaskUpdate.Options,
            Arguments = TaskUpdate.Write,
            Note = TaskUpdate.Note,
        },
        new("move", "moved", "Move tasks to another batch, whose workers then get them.", "scitq-manage task move urgent 12-15",
            "scitq-manage task move urgent -b mybatch -S pending -y")
        {
            Operands = "BATCH [ID...]",
            Tasks = line => line.Operands.Skip(1),
            Options = [TaskUpdate.Restart],
            Arguments = TaskUpdate.WriteMove,
            Note = TaskUpdate.Note,
        },
        new("pause", "paused", "Hold tasks until they are resumed; what runs stands still.",
            "scitq-manage task pause 12", "scitq-manage task pause -y -b mybatch --reason 'the store is full'") { TakesTime = true },
        new("resume", "resumed", "Let paused tasks go on from where they are.", "scitq-manage task resume 12", "scitq-manage task resume -y -b mybatch")
            { TakesTime = true },
        new("retry-upload", "delivered again", "Deliver the output of tasks whose upload failed, without running them again.",
            "scitq-manage task retry-upload 12", "scitq-manage task retry-upload -b mybatch --dry-run") { TakesTime = true },
        new("prioritize", "given a priority", "Let tasks that wait start before others of their batch, or after them.",
            "scitq-manage task prioritize 12-15 --priority 5", "scitq-manage task prioritize -b mybatch -n urgent --priority 10 -y")
        {
            Options = [Priority], Arguments = (context, json) => json.WriteNumber("priority", TheirPriority(context)),
        },
    ];

    private static string Signal(ManageContext context)
    {
        var text = context.Line.Value("signal") ?? throw new UsageException("which signal? give -N USR1, say, or -N 10");
        return Signals.TryParse(text, out _) ? text : throw new UsageException($"-N '{text}' is neither a signal's name like USR1 nor a number from 1 to 64");
    }

    private static int TheirPriority(ManageContext context)
    {
        var text = context.Line.Value("priority") ?? throw new UsageException("which priority? give --priority N, -10 to 10");
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var priority))
            throw new UsageException($"option --priority '{text}' is not a whole number");
        return TaskPriority.Problem(priority) is { } problem ? throw new UsageException(problem) : priority;
    }
}
