using Scitq.Fetch;

namespace Scitq.Tools.Fetch;

/// <summary>list, rlist and nrlist.</summary>
internal static class ListVerbs
{
    public static async Task<int> ListAsync(FetchContext context, bool recursive, bool relative)
    {
        var place = context.Place(0);
        if (place.Action is not null) throw new BadUriException($"{Redacted.Of(place)}: a listing takes no action.");
        var md5 = context.Line.Has("md5");
        var rows = new EntryRows(context, relative, md5);
        // A file is listed as itself.
        if (await context.Fetcher.InfoAsync(place, context.Ct) is { } one)
        {
            rows.Write(one);
        }
        else
        {
            await foreach (var entry in context.Fetcher.ListAsync(place, recursive, context.Ct))
            {
                if (context.Filter.Takes(entry.Name)) rows.Write(entry);
            }
        }

        rows.Finish();
        return ExitCodes.Done;
    }
}
