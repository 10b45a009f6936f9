using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Everything that can be done with workers: another verb is a line here.</summary>
internal static class WorkerActions
{
    private static readonly Option Force = new("force", '\0', null, "though it has tasks: they are stopped, and run elsewhere");

    public static readonly IReadOnlyList<WorkerAction> All =
    [
        new("drain", "drained", "Let workers end what they have, and leave (until 'worker resume').",
            "scitq-manage worker drain node1 --wait", "scitq-manage worker drain -b mybatch --reason 'new kernel' --dry-run")
            { Says = _ => "drains", WaitAsync = (awaiting, acted) => awaiting.DrainedAsync(acted) },
        new("restart", "restarted", "Have agents execute their program anew, the file as it is now; what runs goes on.",
            "scitq-manage worker restart node1 --wait", "scitq-manage worker restart -y -b mybatch --reason upgrade")
            { Says = Ordered, WaitAsync = (awaiting, acted) => awaiting.CarriedOutAsync(acted) },
        new("delete", "deleted", "Forget workers; those that are there are told to leave.",
            "scitq-manage worker delete node1", "scitq-manage worker delete -y node1 node2 --force --reason 'broken disks'")
        {
            Options = [Force],
            Says = acted => acted.Text("note") is { } note ? $"is being deleted: {note}" : "is deleted",
            WaitAsync = (awaiting, acted) => awaiting.DeletedAsync(acted),
        },
        new("clean", "cleaned", "Remove the directories that workers keep of failed attempts.", "scitq-manage worker clean node1 --wait")
            { Says = Ordered, WaitAsync = (awaiting, acted) => awaiting.CarriedOutAsync(acted) },
        new("reset-resources", "made to forget their resources", "Let workers forget their resources: the next task that wants one fetches it anew.",
            "scitq-manage worker reset-resources -n node1 --wait")
            { Says = Ordered, WaitAsync = (awaiting, acted) => awaiting.CarriedOutAsync(acted) },
    ];

    private static string Ordered(JsonElement acted) => $"has the order {acted.Number("order_id")}";
}
