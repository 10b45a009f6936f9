using System.Text.Json;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Server;

/// <summary>The exit code of a finished task, for <c>--wait</c>, <c>--follow</c> and <c>task wait</c>.</summary>
internal static class TaskEnd
{
    public static bool IsTerminal(JsonElement task) => task.Text("status") is "succeeded" or "failed" or "cancelled";

    /// <summary>The task's own exit code; 125 when scitq failed rather than the command.</summary>
    public static int ExitCode(JsonElement task)
    {
        if (task.Text("status") == "succeeded") return ExitCodes.Done;
        return task.Number("exit_code") is { } code and > 0 and < 256 ? (int)code : ExitCodes.ScitqFailed;
    }

    private static string Warned(JsonElement task)
    {
        if (!task.TryGetProperty("warnings", out var warnings) || warnings.ValueKind != JsonValueKind.Array
            || warnings.GetArrayLength() is not (> 0 and var count)) return "";
        return $", with {(count == 1 ? "a warning" : $"{count} warnings, the first")}: {warnings[0].GetString()?.TrimEnd('.')}";
    }

    /// <summary>One line: <c>Task 15 failed: the command ended with exit code 3 after 5.2s</c>; a reason tells what time it took, where that matters.</summary>
    public static string Describe(JsonElement task)
    {
        var number = task.Number("task_id")?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? task.Text("id");
        var status = task.Text("status");
        var took = task.Time("started") is { } started && (task.Time("run_ended") ?? task.Time("finished")) is { } ended
            ? $" after {Duration.Show(ended - started)}"
            : "";
        if (status == "succeeded") return $"Task {number} succeeded{took}{Warned(task)}";
        if (task.Text("reason")?.TrimEnd('.') is { } reason) return $"Task {number} {status}: {reason}";
        return $"Task {number} {status}{(task.Text("failure_class") is { } failure ? $": {failure}" : "")}{took}";
    }
}
