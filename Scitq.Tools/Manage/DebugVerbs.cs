using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>debug run: one task at this terminal.</summary>
internal static class DebugVerbs
{
    private const string Agent = "scitq-agent";

    /// <summary>The agent of this machine does the work, so that the task finds what it would find on a worker.</summary>
    public static async Task<int> RunAsync(ManageContext context)
    {
        var agent = FindAgent(context.Io);
        using var task = await TaskAsync(context);
        var directory = Path.GetFullPath(context.Line.Value("directory") ?? DefaultDirectory(context.Io));
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, task.RootElement.GetRawText(), context.Cancel);
            if (!context.Quiet) Announce(context, task.RootElement);
            var start = new ProcessStartInfo(agent, ["debug", "--task-file", file, "--work-dir", directory]) { UseShellExecute = false };
            foreach (var option in (ReadOnlySpan<string>)["shell", "reuse", "no-resource"])
                if (context.Line.Has(option)) start.ArgumentList.Add($"--{option}");
            context.Io.Out.Flush();
            return await RunAsync(start);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<int> RunAsync(ProcessStartInfo start)
    {
        // Of a terminal the agent gets these signals as well, and decides what they mean.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => context.Cancel = true);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static async Task<JsonDocument> TaskAsync(ManageContext context)
    {
        var selection = new TaskSelection(context);
        if (!selection.IsNamed && selection.Batches is [var batch]) return await NextAsync(context, batch);
        return await context.Rest.GetAsync($"tasks/{await selection.OneAsync()}", context.Patience, context.Cancel);
    }

    private static async Task<JsonDocument> NextAsync(ManageContext context, string batch)
    {
        using var page = await context.Rest.GetAsync(
            $"tasks?batch={Uri.EscapeDataString(batch)}&status=pending&order=oldest&limit=1", context.Patience, context.Cancel);
        return page.RootElement.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } next
            ? await context.Rest.GetAsync($"tasks/{next.Number("task_id")}", context.Patience, context.Cancel)
            : throw new ToolException(
                ExitCodes.NotFound, "not_found", $"no task of the batch '{batch}' is pending", $"See: scitq-manage task list -b {batch}");
    }

    private static void Announce(ManageContext context, JsonElement task)
    {
        var words = ShellWords.Join(task.Texts("argv"));
        context.Io.Error.WriteLine($"{ManageCommand.Program}: task {task.Number("task_id")}: {Display.Clean(words)}");
        if (task.GetRawText().Contains("***", StringComparison.Ordinal))
            context.Io.Error.WriteLine($"{ManageCommand.Program}: note: the server hides passwords and signatures in the task (***), and what needs them "
                + "will fail here");
    }

    private static string FindAgent(ToolIo io)
    {
        var beside = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", Agent, Agent));
        var candidates = (io.Variable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(d => Path.Combine(d, Agent)).Prepend(beside);
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new ToolException(ExitCodes.Failed, "no_agent", $"{Agent} is not on this machine, and debug run needs it",
                "Install it, or add its directory to PATH.");
    }

    private static string DefaultDirectory(ToolIo io)
    {
        var cache = io.Variable("XDG_CACHE_HOME") is { Length: > 0 } given ? given
            : Path.Combine(io.Variable("HOME") ?? throw new UsageException("HOME is not set: name a directory with --directory"), ".cache");
        return Path.Combine(cache, "scitq", "debug");
    }
}
