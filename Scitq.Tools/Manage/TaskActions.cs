using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Everything that can be done with tasks: another verb is a line here.</summary>
internal static class TaskActions
{
    public static readonly IReadOnlyList<TaskAction> All =
    [
        new("cancel", "cancelled", "End tasks for good, running ones too.", "scitq-manage task cancel 12", "scitq-manage task cancel -y -b mybatch -S pending")
            { Alias = "stop", TakesTime = true },
        new("relaunch", "queued again", "Run ended tasks once more.", "scitq-manage task relaunch 12",
            "scitq-manage task relaunch -b mybatch -S failed --class oom --dry-run")
        {
            Options = [new("keep-retries", '\0', null, "retries that were spent stay spent; else each has all of them again")],
            Arguments = (context, json) => json.WriteIf("keep_retries", context.Line.Has("keep-retries")),
        },
        new("pause", "paused", "Hold tasks until they are resumed; what runs stands still.",
            "scitq-manage task pause 12", "scitq-manage task pause -y -b mybatch --reason 'the store is full'") { TakesTime = true },
        new("resume", "resumed", "Let paused tasks go on from where they are.", "scitq-manage task resume 12", "scitq-manage task resume -y -b mybatch")
            { TakesTime = true },
        new("retry-upload", "delivered again", "Deliver the output of tasks whose upload failed, without running them again.",
            "scitq-manage task retry-upload 12", "scitq-manage task retry-upload -b mybatch --dry-run") { TakesTime = true },
    ];
}
