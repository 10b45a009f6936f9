using Scitq.Fetch;

namespace Scitq.Tools.Fetch;

/// <summary>delete.</summary>
internal static class DeleteVerb
{
    public static async Task<int> RunAsync(FetchContext context)
    {
        var uri = context.Place(0);
        if (uri.Action is not null) throw new BadUriException($"{Redacted.Of(uri)}: delete takes no action.");
        var ask = context.Io.InputIsTerminal && context.Io.ErrorIsTerminal && !context.Line.Has("yes") && !context.DryRun;
        if (ask)
        {
            var count = await context.Fetcher.DeleteAsync(uri, context.Filter, dryRun: true, ct: context.Ct);
            if (count > 1 && !Agreed(context, $"Delete {Display.Count(count)} files at {Display.Clean(Redacted.Of(uri))}?")) return ExitCodes.Failed;
        }

        var deleted = await context.Fetcher.DeleteAsync(uri, context.Filter, context.DryRun, context.DryRun ? entry => Show(context, entry) : null, context.Ct);
        var files = deleted == 1 ? "1 file" : $"{Display.Count(deleted)} files";
        if (!context.Quiet) context.Io.Error.WriteLine($"{(context.DryRun ? "would delete" : "deleted")} {files}");
        return ExitCodes.Done;
    }

    private static bool Agreed(FetchContext context, string question)
    {
        context.Io.Error.Write($"{question} [y/N] ");
        using var reader = new StreamReader(context.Io.Input());
        if (reader.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes") return true;
        context.Io.Error.WriteLine("nothing was deleted");
        return false;
    }

    private static void Show(FetchContext context, DataEntry entry)
    {
        lock (context.Io.Out) context.Io.Out.WriteLine(Display.Clean(entry.Uri.Text));
    }
}
