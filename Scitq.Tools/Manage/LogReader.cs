using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Reads the stored streams of one attempt by byte ranges; memory does not grow with them.</summary>
internal sealed class LogReader(ManageContext context, string id, string attempt)
{
    private const int Block = 256 * 1024;
    private readonly SortedDictionary<string, long> _missing = [];

    /// <summary>Says so where the server does not have all that the streams copied held.</summary>
    public void MustBeWhole()
    {
        if (_missing.Count == 0) return;
        var what = string.Join(" and ", _missing.Select(m => $"{Display.Count(m.Value)} bytes of {m.Key}"));
        throw new ToolException(
            ExitCodes.Failed, "log_missing",
            $"server {context.Rest.Server.Shown} does not have {what} of task {id}: another coordinator keeps them, or they were deleted",
            "Where several coordinators run, ask the others too (-s).");
    }

    /// <summary>Looks, without copying, whether the server has all of a stream.</summary>
    public async Task CheckAsync(string stream) => (await GetAsync(stream, null, "?limit=0"))?.Dispose();

    /// <summary>Copies from an offset to what is there now; goes on where it was when the connection breaks.</summary>
    public async Task<long> CopyAsync(string stream, long offset, Stream target)
    {
        var buffer = new byte[Block];
        for (var failures = 0; ; failures++)
        {
            using var response = await GetAsync(stream, offset > 0 ? new RangeHeaderValue(offset, null) : null);
            if (response is null) return offset;
            try
            {
                await using var body = await response.Content.ReadAsStreamAsync(context.Cancel);
                while (await body.ReadAsync(buffer, context.Cancel) is var read and > 0)
                {
                    await target.WriteAsync(buffer.AsMemory(0, read), context.Cancel);
                    offset += read;
                    failures = 0;
                }

                return offset;
            }
            catch (HttpIOException) when (failures < 5)
            {
                // The next request asks for the rest.
                await Task.Delay(Patience.Pause(failures + 2), context.Io.Clock, context.Cancel);
            }
        }
    }

    /// <summary>Where the last lines begin, found by reading backwards.</summary>
    public async Task<long> TailOffsetAsync(string stream, int lines)
    {
        var buffer = new byte[Block];
        var end = await SizeAsync(stream);
        var size = end;
        var found = 0;
        while (end > 0)
        {
            var start = Math.Max(0, end - Block);
            var length = await ReadAsync(stream, start, buffer.AsMemory(0, (int)(end - start)));
            for (var i = length - 1; i >= 0; i--)
            {
                // The newline that ends the text begins no line.
                if (buffer[i] != '\n' || start + i == size - 1) continue;
                if (++found >= lines) return start + i + 1;
            }

            end = start;
        }

        return lines == 0 ? size : 0;
    }

    /// <summary>The number of the attempt.</summary>
    public async Task<long> AttemptNumberAsync()
    {
        if (long.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        using var task = await context.Rest.GetAsync($"tasks/{id}", context.Patience, context.Cancel);
        return task.RootElement.Number("attempt") ?? 1;
    }

    private async Task<long> SizeAsync(string stream)
    {
        using var response = await GetAsync(stream, new RangeHeaderValue(0, 0));
        if (response is null) return 0;
        if (response.Content.Headers.ContentRange?.Length is { } length) return length;
        return response.Headers.TryGetValues("X-Log-Size", out var sizes)
            && long.TryParse(sizes.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : response.Content.Headers.ContentLength ?? 0;
    }

    private async Task<int> ReadAsync(string stream, long offset, Memory<byte> target)
    {
        using var response = await GetAsync(stream, new RangeHeaderValue(offset, offset + target.Length - 1));
        if (response is null) return 0;
        await using var body = await response.Content.ReadAsStreamAsync(context.Cancel);
        return await body.ReadAtLeastAsync(target, target.Length, throwOnEndOfStream: false, context.Cancel);
    }

    /// <summary>Null when there is nothing (any more) at that place.</summary>
    private async Task<HttpResponseMessage?> GetAsync(string stream, RangeHeaderValue? range, string query = "")
    {
        try
        {
            var response = await context.Rest.SendAsync(Request, true, HttpCompletionOption.ResponseHeadersRead, context.Patience, context.Cancel);
            if (response.Headers.TryGetValues("X-Log-Missing", out var missing)
                && long.TryParse(missing.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)) _missing[stream] = bytes;
            return response;
        }
        catch (ToolException e) when (e.HttpStatus == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return null;
        }

        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Get, $"tasks/{id}/attempts/{attempt}/log/{stream}{query}");
            request.Headers.Range = range;
            return request;
        }
    }
}
