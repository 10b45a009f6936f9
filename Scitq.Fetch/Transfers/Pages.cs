using System.Runtime.CompilerServices;

namespace Scitq.Fetch.Transfers;

/// <summary>Reads a listing page by page, and asks for the next page while one is being worked through.</summary>
internal static class Pages
{
    /// <param name="get">Gets the page of a token; the first has none.</param>
    /// <param name="next">The token in a page; null or empty in the last one.</param>
    /// <param name="ct">Stops it.</param>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        Func<string?, CancellationToken, Task<T>> get, Func<T, string?> next, [EnumeratorCancellation] CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var ahead = get(null, stop.Token);
        try
        {
            while (true)
            {
                var page = await ahead;
                var token = next(page);
                var isLast = string.IsNullOrEmpty(token);
                if (!isLast) ahead = get(token, stop.Token);
                yield return page;
                if (isLast) yield break;
            }
        }
        finally
        {
            // A caller that has seen enough need not hear of a fault in the page after it.
            await stop.CancelAsync();
            await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
