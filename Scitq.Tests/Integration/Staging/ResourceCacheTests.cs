using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Disk;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Staging;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Staging;

/// <summary>Resources of a worker, fetched from real files and a real web server.</summary>
[Trait("Level", "Integration")]
public sealed class ResourceCacheTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Fetcher _fetcher = new();
    private readonly HashSet<string> _used = [];
    private readonly DiskRoom _room;
    private ResourceCache _cache;

    public ResourceCacheTests()
    {
        _room = new DiskRoom(_folder.Path, reserve: 0, high: 100, new NothingFailed(), TimeProvider.System);
        _cache = Open();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Store => _folder["resources"];

    public void Dispose()
    {
        _fetcher.Dispose();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task Eight_who_ask_at_once_bring_one_download()
    {
        await using var server = await HttpServer.StartAsync();
        server.Files["/db"] = new byte[3_000_000];
        var uri = $"{server.Root}/db";

        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => GetAsync(uri))));

        Assert.Equal(3_000_000, leases.Sum(l => l.Fetched));
        Assert.Single(leases.Select(l => l.Data).Distinct());
        Assert.All(leases, l => Assert.Equal(3_000_000, new FileInfo(Path.Combine(l.Data, "db")).Length));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_answer_that_is_final_counts_only_for_those_who_asked_before_it_was_looked_for()
    {
        await using var server = await HttpServer.StartAsync();
        server.Files["/db"] = new byte[10];
        var (asked, answer, requests) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        server.Fault = async context =>
        {
            // A HEAD and a GET are one look.
            if (Interlocked.Increment(ref requests) > 2) return false;
            asked.TrySetResult();
            await answer.Task;
            context.Response.StatusCode = 404;
            return true;
        };
        var first = GetAsync($"{server.Root}/db");
        await asked.Task.WaitAsync(Ct);
        var later = Enumerable.Range(0, 5).Select(_ => GetAsync($"{server.Root}/db")).ToList();
        await Task.Delay(100, Ct);
        answer.SetResult();
        await Assert.ThrowsAsync<DataNotFoundException>(() => first);
        Assert.All(await Task.WhenAll(later), lease => Assert.True(File.Exists(Path.Combine(lease.Data, "db"))));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_download_that_nobody_wants_any_more_is_stopped_and_continued_by_the_next_who_does()
    {
        await using var server = await HttpServer.StartAsync();
        var content = new byte[8_000_000];
        new Random(1).NextBytes(content);
        server.Files["/db"] = content;
        var half = new TaskCompletionSource();
        server.Fault = async context =>
        {
            if (context.Request.Method != "GET" || half.Task.IsCompleted) return false;
            context.Response.ContentLength = content.Length;
            context.Response.Headers.ETag = "\"1\"";
            context.Response.Headers.AcceptRanges = "bytes";
            await context.Response.Body.WriteAsync(content.AsMemory(0, 4_000_000), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            half.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        server.Tags["/db"] = "\"1\"";
        using var stop = new CancellationTokenSource();
        var waiting = _cache.GetAsync(DataUri.Parse($"{server.Root}/db"), new Relay(_ => { }), stop.Token);
        await half.Task.WaitAsync(Ct);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        using var lease = await GetAsync($"{server.Root}/db");

        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(lease.Data, "db"), Ct));
        Assert.Single(Directory.GetDirectories(Store));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_download_is_everybodys_failure_and_is_forgotten()
    {
        await Assert.ThrowsAsync<DataNotFoundException>(() => GetAsync($"file://{_folder["later"]}"));
        await File.WriteAllTextAsync(_folder["later"], "here", Ct);
        using var lease = await GetAsync($"file://{_folder["later"]}");
        Assert.Equal("here", await File.ReadAllTextAsync(Path.Combine(lease.Data, "later"), Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task It_is_known_over_a_restart_and_what_is_not_whole_is_not()
    {
        var uri = await FileAsync("db", "text");
        (await GetAsync(uri)).Dispose();
        Directory.CreateDirectory(Path.Combine(Store, "abc", "data"));

        _cache = Open();
        using var lease = await GetAsync(uri);

        Assert.Equal(0, lease.Fetched);
        Assert.Single(Directory.GetDirectories(Store));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_changed_source_is_fetched_anew_and_who_has_the_old_one_keeps_it()
    {
        var uri = await FileAsync("db", "old");
        using (var old = await GetAsync(uri)) LinkTree.Make(old.Data, _folder["task1"], Ct);

        await FileAsync("db", "newer");
        _cache = Open();        // else the check may be some seconds old
        using (var fresh = await GetAsync(uri)) LinkTree.Make(fresh.Data, _folder["task2"], Ct);

        Assert.Equal("old", await File.ReadAllTextAsync(_folder["task1/db"], Ct));
        Assert.Equal("newer", await File.ReadAllTextAsync(_folder["task2/db"], Ct));
        Assert.Single(Directory.GetDirectories(Store));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copy_is_used_with_a_warning_when_its_source_cannot_be_asked()
    {
        var uri = await FileAsync("db", "text");
        (await GetAsync(uri)).Dispose();
        using var blind = new Fetcher(new FetchOptions { FileRoots = [_folder["elsewhere"]] });
        _cache = Open(blind);

        using var lease = await GetAsync(uri);

        Assert.Contains("could not be found out", lease.Warning, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_longest_unused_makes_room_but_never_one_in_use()
    {
        var uris = new List<string>();
        foreach (var name in new[] { "a", "b", "c" })
        {
            uris.Add(await FileAsync(name, name));
            (await GetAsync(uris[^1])).Dispose();
        }

        _used.Add(uris[0]);
        Assert.True(_cache.EvictOne());
        Assert.Equal([uris[0], uris[2]], _cache.List().Select(r => r.Uri).Order(StringComparer.Ordinal));
        Assert.True(_cache.EvictOne());
        Assert.False(_cache.EvictOne());
        Assert.Equal(1, Assert.Single(_cache.List()).Users);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_unfinished_download_that_nobody_continues_makes_room_first()
    {
        (await GetAsync(await FileAsync("db", "text"))).Dispose();
        Directory.CreateDirectory(Path.Combine(Store, ".of-an-earlier-process", "data"));
        Assert.True(_cache.EvictOne());
        Assert.Single(_cache.List());
        Assert.Single(Directory.GetDirectories(Store));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_reset_forgets_all_and_what_is_being_linked_goes_a_moment_later()
    {
        var uri = await FileAsync("db", "text");
        var lease = await GetAsync(uri);

        Assert.Equal("forgot 1 resource, 4 B", _cache.Reset());

        Assert.Empty(_cache.List());
        Assert.True(File.Exists(Path.Combine(lease.Data, "db")));
        lease.Dispose();
        Assert.Empty(Directory.GetDirectories(Store));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_does_not_fit_is_refused_and_leaves_nothing()
    {
        await FileAsync("small", "x");
        (await GetAsync($"file://{_folder["small"]}")).Dispose();
        await using var server = await HttpServer.StartAsync();
        server.Fault = async context =>
        {
            // As large as it says, if anybody waited for it.
            context.Response.ContentLength = 1L << 50;
            if (context.Request.Method == "GET") await context.Response.Body.WriteAsync(new byte[100_000], context.RequestAborted);
            return true;
        };

        var full = await Assert.ThrowsAsync<DiskFullException>(() => GetAsync($"{server.Root}/huge"));

        Assert.Contains("1024.0 TiB more are to be fetched", full.Message, StringComparison.Ordinal);
        // What nobody uses had to go first.
        Assert.Empty(Directory.GetDirectories(Store));
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_resources_that_hold_the_same_names_the_last_one_wins_and_folders_are_merged()
    {
        string Tar(string name, params (string Path, string Text)[] files)
        {
            using (var tar = new TarWriter(File.Create(_folder[name])))
                foreach (var (path, text) in files)
                    tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path)
                        { DataStream = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(text)) });
            return $"file://{_folder[name]}|untar";
        }

        var (one, two) = (Tar("one.tar", ("d/same", "1"), ("d/one", "1"), ("x", "file"), ("y/z", "folder")),
            Tar("two.tar", ("d/same", "2"), ("d/two", "2"), ("x/in", "folder"), ("y", "file")));
        var stager = new Stager(_fetcher, _cache, _room, TimeProvider.System);
        foreach (var (first, last, same, x) in new[] { (one, two, "2", false), (two, one, "1", true) })
        {
            var directory = new WorkDirectory(_folder[$"task-{same}"]);
            directory.Create(Ownership.Own);
            await stager.FetchAsync(new TaskSpec { Argv = ["true"], Resources = [DataUri.Parse(first), DataUri.Parse(last)] }, directory, _ => { }, Ct);
            Assert.Equal(same, await File.ReadAllTextAsync(Path.Combine(directory.Resource, "d/same"), Ct));
            Assert.Equal(["one", "same", "two"], Directory.GetFiles(Path.Combine(directory.Resource, "d")).Select(Path.GetFileName)
                .Order(StringComparer.Ordinal));
            Assert.Equal(x, File.Exists(Path.Combine(directory.Resource, "x")));
            Assert.Equal(!x, File.Exists(Path.Combine(directory.Resource, "y")));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task How_far_it_is_counts_all_inputs_and_resources_those_that_were_there_too()
    {
        await using var server = await HttpServer.StartAsync();
        server.Files["/in"] = new byte[3 << 20];
        var half = new TaskCompletionSource();
        server.Fault = async context =>
        {
            if (context.Request.Method != "GET") return false;
            context.Response.ContentLength = 3 << 20;
            var left = 3 << 20;
            for (; !half.Task.IsCompleted; left -= 1024)
            {
                await context.Response.Body.WriteAsync(new byte[1024], context.RequestAborted);
                await Task.Delay(20, context.RequestAborted);
            }

            await context.Response.Body.WriteAsync(new byte[left], context.RequestAborted);
            return true;
        };
        var uri = await FileAsync("db", "text");
        (await GetAsync(uri)).Dispose();
        var directory = new WorkDirectory(_folder["task"]);
        directory.Create(Ownership.Own);
        var phases = new ConcurrentQueue<string>();
        var staging = new Stager(_fetcher, _cache, _room, TimeProvider.System)
            .FetchAsync(new TaskSpec { Argv = ["true"], Inputs = [DataUri.Parse($"{server.Root}/in"), DataUri.Parse(uri)], Resources = [DataUri.Parse(uri)] },
                directory, phases.Enqueue, Ct);
        await Eventually.Async(() => phases.Any(p => Regex.IsMatch(p, @"^fetching 2/3 files, [0-9.]+/3\.0 MiB$")), "two of three are there");
        half.SetResult();
        Assert.Equal((3 << 20) + 4, (await staging).Bytes);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_same_input_twice_is_fetched_once()
    {
        await using var server = await HttpServer.StartAsync();
        server.Files["/x"] = "x"u8.ToArray();
        var directory = new WorkDirectory(_folder["task"]);
        directory.Create(Ownership.Own);
        await new Stager(_fetcher, _cache, _room, TimeProvider.System)
            .FetchAsync(new TaskSpec { Argv = ["true"], Inputs = [DataUri.Parse($"{server.Root}/x"), DataUri.Parse($"{server.Root}/x")] }, directory, _ =>
            { }, Ct);
        Assert.Single(server.Requests, r => r.StartsWith("GET", StringComparison.Ordinal));
        Assert.Equal(["x"], Directory.GetFileSystemEntries(directory.Input).Select(Path.GetFileName));
    }

    private ResourceCache Open(Fetcher? fetcher = null)
    {
        var cache = new ResourceCache(
            fetcher ?? _fetcher, _room, Store, new Users(_used),
            new Leftovers(
            _folder[""], new RuntimeSet(native: null, docker: null), TimeProvider.System,
            NullLogger<Leftovers>.Instance), TimeProvider.System, NullLogger<ResourceCache>.Instance);
        cache.Open();
        return cache;
    }

    private Task<ResourceLease> GetAsync(string uri) => _cache.GetAsync(DataUri.Parse(uri), new Relay(_ => { }), Ct);

    private async Task<string> FileAsync(string name, string text)
    {
        await File.WriteAllTextAsync(_folder[name], text, Ct);
        return $"file://{_folder[name]}";
    }

    private sealed class NothingFailed : IEvictable
    {
        public bool EvictOne() => false;
    }

    private sealed class Users(HashSet<string> used) : IResourceUsers
    {
        public int Count(string resource) => used.Contains(resource) ? 1 : 0;
    }
}
