using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>
/// ENA's portal in its real format (all values strings, files joined by semicolons, no scheme), ENA's files and SRA's open data, on one HTTP server.
/// </summary>
internal sealed class FakeEna : IAsyncDisposable
{
    private readonly HttpServer _server;
    private readonly ConcurrentDictionary<string, List<Dictionary<string, string>>> _rows = new();

    private FakeEna(HttpServer server) => _server = server;

    /// <summary>Answers instead of the portal, one a question.</summary>
    public ConcurrentQueue<Func<HttpContext, Task>> Instead { get; } = new();

    public HttpServer Server => _server;

    public string Root => _server.Root;

    public int Questions => _server.Requests.Count(r => r.Contains("/filereport", StringComparison.Ordinal));

    public static async Task<FakeEna> StartAsync()
    {
        var ena = new FakeEna(await HttpServer.StartAsync());
        ena._server.Fault = ena.AnswerAsync;
        return ena;
    }

    /// <summary>A run with files, found by its accession and by the sample's; what a row says can be changed.</summary>
    public Dictionary<string, string> Add(string run, string? sample = null, string kind = "fastq", params (string Name, byte[] Bytes)[] files)
    {
        var folder = $"/vol1/{kind}/{run[..6]}/{run[^3..]}/{run}/";
        foreach (var (name, bytes) in files) _server.Files[folder + name] = bytes;
        var row = new Dictionary<string, string>
        {
            ["run_accession"] = run,
            [$"{kind}_ftp"] = Join(f => "ftp.sra.ebi.ac.uk" + folder + f.Name),
            [$"{kind}_aspera"] = Join(f => "fasp.sra.ebi.ac.uk:" + folder + f.Name),
            [$"{kind}_md5"] = Join(f => Md5(f.Bytes)),
            [$"{kind}_bytes"] = Join(f => $"{f.Bytes.Length}"),
        };
        _rows.GetOrAdd(run, _ => []).Add(row);
        if (sample is not null) _rows.GetOrAdd(sample, _ => []).Add(row);
        return row;

        string Join(Func<(string Name, byte[] Bytes), string> of) => string.Join(';', files.Select(of));
    }

    public static Func<HttpContext, Task> Text(string body) => c => c.Response.WriteAsync(body);

    public static Func<HttpContext, Task> Status(int code) => c =>
    {
        c.Response.StatusCode = code;
        return Task.CompletedTask;
    };

#pragma warning disable CA5351 // ENA publishes MD5.
    public static string Md5(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/ena/portal/api/filereport") return false;
        var query = context.Request.Query;
        Assert.Equal(("read_run", "json"), (query["result"].ToString(), query["format"].ToString()));
        if (Instead.TryDequeue(out var answer))
        {
            await answer(context);
        }
        else if (_rows.TryGetValue(query["accession"].ToString(), out var rows))
        {
            var fields = query["fields"].ToString().Split(',');
            await context.Response.WriteAsJsonAsync(rows.Select(r => fields.ToDictionary(f => f, f => r.GetValueOrDefault(f, ""))),
                (JsonSerializerOptions?)null, context.RequestAborted);
        }
        else
        {
            context.Response.StatusCode = 204;
        }

        return true;
    }
}
