using System.Collections.Concurrent;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Fetch;

/// <summary>copy and sync.</summary>
internal static class CopyVerbs
{
    public static async Task<int> CopyAsync(FetchContext context)
    {
        var (from, to) = (context.Line.Operands[0], context.Line.Operands.Count > 1 ? context.Line.Operands[1] : ".");
        var (fromUri, toUri) = (FetchContext.IsUri(from), FetchContext.IsUri(to));
        if (toUri) context.Fetcher.CheckUri(to, forWriting: true);
        if (context.DryRun) return await DryCopyAsync(context, from);
        var result = await SummedUpAsync(context, "copied", () => (fromUri, toUri) switch
        {
            (true, false) => context.Fetcher.GetAsync(context.Place(from), to, context.Progress, context.Ct),
            (true, true) => context.Fetcher.CopyAsync(context.Place(from), Destination(context, to), context.Progress, context.Ct),
            _ => context.Fetcher.PutAsync(Named(from), Destination(context, to), context.Progress, context.Ct),
        });
        return ExitCodes.Done;
    }

    public static async Task<int> SyncAsync(FetchContext context)
    {
        var deleted = new ConcurrentQueue<string>();
        var options = new SyncOptions
        {
            Filter = context.Filter,
            Checksum = context.Line.Has("checksum"),
            Delete = context.Line.Has("delete"),
            DryRun = context.DryRun,
            Deleted = context.DryRun ? deleted.Enqueue : null,
        };
        var destination = context.Place(1);
        if (destination.Action is not null || context.Place(0).Action is not null)
            throw new UsageException("sync takes no action: the two sides could not be compared any more");
        var result = await SummedUpAsync(
            context, context.DryRun ? "would copy" : "copied", () =>
            context.Fetcher.SyncAsync(context.Place(0), destination, options, context.Progress, context.Ct));
        if (context.DryRun)
        {
            foreach (var file in result.Files) context.Io.Out.WriteLine(Display.Clean(file.Name));
            foreach (var name in deleted.Order(StringComparer.Ordinal)) context.Io.Out.WriteLine($"deleting {Display.Clean(name)}");
        }

        return ExitCodes.Done;
    }

    private static async Task<int> DryCopyAsync(FetchContext context, string from)
    {
        var source = context.Place(from);
        source = source.At(source.Path);
        var (files, bytes) = (0L, 0L);
        if (await context.Fetcher.InfoAsync(source, context.Ct) is { } one)
        {
            Show(one);
        }
        else
        {
            await foreach (var entry in context.Fetcher.ListAsync(source, ct: context.Ct)) Show(entry);
        }

        if (files == 0 && source.Scheme != "file") throw new DataNotFoundException($"{Redacted.Of(source)}: nothing is there.");
        if (!context.Quiet) context.Io.Error.WriteLine($"would copy {Files(files)}, {Display.Size(bytes)}");
        return ExitCodes.Done;

        void Show(DataEntry entry)
        {
            (files, bytes) = (files + 1, bytes + (entry.Size ?? 0));
            context.Io.Out.WriteLine(Display.Clean(entry.Name));
        }
    }

    /// <summary>A directory that is there gets what is copied, as with cp.</summary>
    private static DataUri Destination(FetchContext context, string to) =>
        context.Place(to) is { Scheme: "file" } place && Directory.Exists(place.Path) ? place.AsFolder() : context.Place(to);

    /// <summary>A link that is named is meant for what it stands for; those found below a folder are left out.</summary>
    private static string Named(string path)
    {
        var file = new FileInfo(Path.TrimEndingDirectorySeparator(path));
        try
        {
            return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException e)
        {
            throw new UsageException($"{Display.Clean(path)}: {e.Message}");
        }
    }

    /// <summary>Also of what was moved when some of it failed.</summary>
    private static async Task<TransferResult> SummedUpAsync(FetchContext context, string verb, Func<Task<TransferResult>> work)
    {
        try
        {
            var result = await work();
            Summary(context, result, verb);
            return result;
        }
        catch (FetchException e) when (e.Moved is { } moved)
        {
            Summary(context, moved, verb);
            throw;
        }
    }

    private static void Summary(FetchContext context, TransferResult result, string verb)
    {
        var elapsed = context.Progress.Elapsed;
        context.Progress.Clear();
        foreach (var warning in result.Warnings) context.Progress.Say(warning);
        if (context.Quiet) return;
        var rate = context.DryRun ? "" : $" in {Duration.Show(elapsed)} ({ProgressLine.Rate(result.Bytes / Math.Max(0.001, elapsed.TotalSeconds))})";
        context.Io.Error.WriteLine($"{verb} {Files(result.Files.Count)}, {Display.Size(result.Bytes)}{rate}"
            + (result.Skipped > 0 ? $"; skipped {Display.Count(result.Skipped)}" : "")
            + (result.Deleted > 0 ? $"; {(context.DryRun ? "would delete" : "deleted")} {Display.Count(result.Deleted)}" : ""));
    }

    private static string Files(long count) => count == 1 ? "1 file" : $"{Display.Count(count)} files";
}
