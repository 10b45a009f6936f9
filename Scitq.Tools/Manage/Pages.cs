using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Scitq.Tools.Manage;

/// <summary>Reads a long list page by page.</summary>
internal sealed class Pages(ManageContext context)
{
    private const int PageSize = 1000;

    /// <summary>How many there are in all, if the server was asked and told.</summary>
    public long? Total { get; private set; }

    /// <summary>Where to go on, when the limit cut the list.</summary>
    public string? Next { get; private set; }

    /// <summary>The rows; each is valid until the next is asked for. A limit of 0 is none.</summary>
    public async IAsyncEnumerable<JsonElement> ReadAsync(string path, string query, int limit, string? after, bool count = false)
    {
        var left = limit == 0 ? int.MaxValue : limit;
        Next = after;
        do
        {
            var page = Math.Min(left, PageSize);
            var parts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"limit={page}") };
            if (query.Length > 0) parts.Insert(0, query);
            if (Next is not null) parts.Add($"after={Uri.EscapeDataString(Next)}");
            if (count && Total is null) parts.Add("count=true");
            var (json, headers) = await context.Rest.GetPageAsync($"{path}?{string.Join('&', parts)}", context.Patience, context.Cancel);
            using (json)
            {
                Next = headers.TryGetValues("X-Next-After", out var next) ? next.FirstOrDefault() : null;
                Total = TotalIn(headers) ?? Total;
                if (json.RootElement.ValueKind != JsonValueKind.Array)
                    throw new ToolException(ExitCodes.Failed, "error", $"the server's answer to {path} is no list");
                foreach (var row in json.RootElement.EnumerateArray())
                {
                    yield return row;
                    left--;
                }
            }
        }
        while (Next is not null && left > 0);
    }

    /// <summary>How many there are in all, where the server was asked and told.</summary>
    public static long? TotalIn(HttpResponseHeaders headers) =>
        headers.TryGetValues("X-Total-Count", out var total)
            && long.TryParse(total.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The limit asked for, or the default: short in a table, none for programs.</summary>
    public static int Limit(ManageContext context, int inTable)
    {
        if (context.Line.Value("limit") is not { } text) return context.Format == Output.Format.Table ? inTable : 0;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : throw new CommandLine.UsageException($"--limit '{text}' is not a number");
    }
}
