using Scitq.Tools.CommandLine;
using Scitq.Tools.Fetch;
using Scitq.Tools.Launch;
using Scitq.Tools.Manage;

namespace Scitq.Tools;

/// <summary>From a name to its command, and from an error to one line and an exit code.</summary>
internal static class Commands
{
    public static async Task<int> RunAsync(string name, string[] args, ToolIo io)
    {
        // scitq-tools launch …: for a copy without links.
        if (name == "scitq-tools" && args is [var first, ..] && first is "launch" or "manage" or "fetch")
            (name, args) = ("scitq-" + args[0], args[1..]);
        try
        {
            var code = name switch
            {
                "scitq-launch" => await LaunchCommand.RunAsync(args, io),
                "scitq-manage" => await ManageCommand.RunAsync(args, io),
                "scitq-fetch" => await FetchCommand.RunAsync(args, io),
                _ => throw new UsageException($"call it as scitq-launch, scitq-manage or scitq-fetch (or: {name} launch …)"),
            };
            // Here, where its failure can still be told.
            io.Out.Flush();
            return code;
        }
        catch (ToolException e)
        {
            io.Error.WriteLine($"{name}: {Display.Clean(e.Message)}");
            if (e.Hint is { } hint) io.Error.WriteLine($"  {Display.Clean(hint)}");
            return e.ExitCode;
        }
        catch (OperationCanceledException) when (io.Interrupted.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (BrokenPipeException)
        {
            return ExitCodes.BrokenPipe;        // whoever read our output has had enough: `| head`
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            io.Error.WriteLine($"{name}: {Display.Clean(e.Message)}");
            return ExitCodes.Failed;
        }
    }
}
