using System.Text;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>FTP servers as they are found: by the listings and answers that real ones give.</summary>
[Trait("Level", "Integration")]
public sealed class OddFtpTests : IAsyncDisposable
{
    private const string Line = "-rw-r--r-- 1 ftp ftp 3 Nov 27 06:45 ";
    private readonly TestFolder _folder = new();
    private readonly ScriptedFtp _ftp = new();
    private readonly Fetcher _fetcher = new(new FetchOptions { Attempts = 2, BackOff = TimeSpan.FromMilliseconds(5), IdleTimeout = TimeSpan.FromSeconds(5) });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DataUri Pub => DataUri.Parse(_ftp.Root + "/pub/");

    public async ValueTask DisposeAsync()
    {
        _fetcher.Dispose();
        await _ftp.DisposeAsync();
        _folder.Dispose();
    }

    [Theory(Timeout = 30_000)]
    [InlineData("drwxr-xr-x 2 ftp domain users 4096 Nov 27 06:45 sub dir\r\n-rw-r--r-- 1 ftp domain users 3 Jan 01 2019 a b.txt\r\ntotal 12\r\n",
        "-rw-rw-r--+ 1 ftp ftp 3 Feb 29 2024 acl.txt\r\n")]
    [InlineData("11-27-26  06:45AM       <DIR>          sub dir\r\n11-27-2026  18:45                  3 a b.txt\r\n",
        "11-27-26  06:45AM                    3 acl.txt\r\n")]
    [InlineData("+m824255902,/,\tsub dir\r\n+m824255902,r,s3,\ta b.txt\r\n", "+m824255902,r,s3,\tacl.txt")]
    public async Task A_sync_that_deletes_keeps_what_the_server_has_in_any_dialect(string top, string below)
    {
        (_ftp.Listings["/pub"], _ftp.Listings["/pub/sub dir"]) = (top, below);
        (_ftp.Files["/pub/a b.txt"], _ftp.Files["/pub/sub dir/acl.txt"]) = ("abc", "def");
        Write("surplus");
        var result = await SyncAsync();
        Assert.Equal((2, 1), (result.Files.Count, result.Deleted));
        Assert.Equal(["a b.txt", "sub dir/acl.txt"], Tree());
        Assert.Equal((0, 2, 0), await SyncAsync() is var again ? (again.Files.Count, again.Skipped, again.Deleted) : default);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("LIST", Line + "a\r\nsomething odd\r\n", "something odd")]
    [InlineData("LIST", "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\n", "MVS")]
    [InlineData("LIST", Line + "a\r\n" + Line + "a\r\n", "twice")]
    [InlineData("MLSD", "type=file;size=3; a\r\nsize=3; b\r\n", "size=3; b")]
    public async Task A_listing_with_a_line_that_is_not_understood_fails_and_nothing_is_deleted(string command, string listing, string quoted)
    {
        _ftp.Features = command == "MLSD" ? ["MLST type*;size*;modify*;"] : [];
        _ftp.Listings["/pub"] = listing;
        _ftp.Files["/pub/a"] = "abc";
        Write("keep");
        var error = await Assert.ThrowsAsync<UnsupportedTransferException>(SyncAsync);
        Assert.Contains(quoted, error.Message, StringComparison.Ordinal);
        Assert.Contains("keep", Tree());
        await Assert.ThrowsAsync<UnsupportedTransferException>(() => _fetcher.GetAsync(Pub, _folder["out"], ct: Ct));
        Assert.Contains(_ftp.Commands, c => c == command);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("226 Transfer done (but failed to open directory).")]
    [InlineData("226-Options: -l\n226-Output truncated to 2000 matches\n226 2000 matches total")]
    [InlineData("426 broken off")]
    public async Task A_listing_that_is_not_whole_fails_and_nothing_is_deleted(string end)
    {
        (_ftp.Listings["/pub"], _ftp.EndOfList) = (Line + "a\r\n", end);
        _ftp.Files["/pub/a"] = "abc";
        Write("keep");
        await Assert.ThrowsAnyAsync<FetchException>(SyncAsync);
        Assert.Contains("keep", Tree());
    }

    [Fact(Timeout = 30_000)]
    public async Task A_folder_that_may_not_be_entered_is_not_empty()
    {
        const string Folder = "drwx------ 2 root root 4096 Nov 27 06:45 ";
        _ftp.Listings["/pub"] = $"{Folder}sub\r\n{Folder}closed\r\n{Folder}[odd]*\r\n{Line}a\r\n";
        (_ftp.Listings["/pub/sub"], _ftp.Listings["/pub/[odd]*"]) = (Line + "s\r\n", Line + "o\r\n");
        foreach (var name in (string[])["/pub/a", "/pub/sub/s", "/pub/[odd]*/o"]) _ftp.Files[name] = "abc";
        Write("closed/keep");
        var error = await Assert.ThrowsAnyAsync<FetchException>(SyncAsync);
        Assert.Contains("/pub/closed/", Assert.Single(error.Failures).Message, StringComparison.Ordinal);
        // The others are there all the same.
        Assert.Equal(["[odd]*/o", "a", "closed/keep", "sub/s"], Tree());
    }

    [Fact(Timeout = 30_000)]
    public async Task Names_that_begin_with_a_dot_are_asked_for_where_LIST_leaves_them_out()
    {
        const string Itself = "drwxr-xr-x 2 ftp ftp 4096 Nov 27 06:45 .\r\ndrwxr-xr-x 2 ftp ftp 4096 Nov 27 06:45 ..\r\n";
        (_ftp.Listings["/pub"], _ftp.Files["/pub/a"], _ftp.Files["/pub/.hidden"]) = (Line + "a\r\n", "abc", "def");
        Assert.Equal(["a"], (await ListAsync()).Select(e => e.Name));
        await using var other = new ScriptedFtp();
        (other.Listings["/pub"], other.Files["/pub/a"], other.Files["/pub/.hidden"]) = (Itself + Line + "a\r\n" + Line + ".hidden\r\n", "abc", "def");
        // Takes -a as ls does.
        other.Answer = command => command == "LIST" ? "550 it was asked without -a" : null;
        other.TakesAll = true;
        Assert.Equal([".hidden", "a"], (await ListAsync(DataUri.Parse(other.Root + "/pub/"))).Select(e => e.Name));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_is_left_out_is_told_and_keeps_what_is_there_under_its_name()
    {
        _ftp.Listings["/pub"] = Line
            + "a\r\nlrwxrwxrwx 1 ftp ftp 5 Nov 27 06:45 folder -> elsewhere\r\nlrwxrwxrwx 1 ftp ftp 5 Nov 27 06:45 link -> a\r\nprw-r--r-- 1 ftp ftp 0 Nov 27 "
            + "06:45 pipe\r\n";
        (_ftp.Files["/pub/a"], _ftp.Files["/pub/link"]) = ("abc", "abc");
        foreach (var name in (string[])["folder/x", "pipe", "surplus"]) Write(name);
        var result = await SyncAsync();
        Assert.Equal(["a", "link"], result.Files.Select(f => f.Name));
        Assert.Equal(["'folder' was left out: it is a symbolic link to no file.", "'pipe' was left out: it is neither a file nor a folder."],
            result.Warnings.Order(StringComparer.Ordinal));
        Assert.Equal(["a", "folder/x", "link", "pipe"], Tree());
    }

    [Fact(Timeout = 30_000)]
    public async Task One_file_that_nobody_may_read_does_not_stop_the_others()
    {
        _ftp.Listings["/pub"] = Line + "a\r\n" + Line + "closed\r\n" + Line + "gone\r\n" + Line + "b\rreak\r\n" + Line + "z\r\n";
        (_ftp.Files["/pub/a"], _ftp.Files["/pub/z"]) = ("abc", "xyz");
        _ftp.Answer = command => command.EndsWith("closed", StringComparison.Ordinal) ? "550 Permission denied." : null;
        Write("keep");
        var error = await Assert.ThrowsAnyAsync<FetchException>(SyncAsync);
        Assert.Equal(["b\\x0dreak", "closed", "gone"], error.Failures.Select(f => f.Message.Split("/pub/")[1].Split(':', ' ')[0])
            .Order(StringComparer.Ordinal));
        Assert.Equal(["a", "keep", "z"], Tree());
    }

    [Fact(Timeout = 30_000)]
    public async Task Names_in_Latin_1_are_those_files()
    {
        _ftp.Listings["/pub"] = Line + "caf\xe9\r\n" + Line + Bytes("naïve") + "\r\n";
        (_ftp.Files["/pub/caf\xe9"], _ftp.Files["/pub/" + Bytes("naïve")]) = ("abc", "def");
        await _fetcher.GetAsync(Pub, _folder["here"], ct: Ct);
        Assert.Equal(["café", "naïve"], Tree());
        Assert.Equal(3, (await _fetcher.GetAsync(DataUri.Parse(_ftp.Root + "/pub/café"), _folder["out"], ct: Ct)).Bytes);

        static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
    }

    [Fact(Timeout = 30_000)]
    public async Task Data_come_from_the_server_itself_whatever_address_it_names()
    {
        (_ftp.Listings["/pub"], _ftp.Files["/pub/  blanks"], _ftp.PassiveAddress) = (Line + "  blanks\r\n", "abc", "10,255,255,1");
        _ftp.Answer = command => command == "EPSV" ? "502 not here" : null;
        await _fetcher.GetAsync(Pub, _folder["here"], ct: Ct);
        Assert.Equal(["  blanks"], Tree());
        Assert.Contains("PASV", _ftp.Commands);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("200-several\n200-lines\n200 ok", true)]
    [InlineData("200-several\n200", true)]
    [InlineData("something else", false)]
    public async Task Answers_of_several_lines_are_one(string answer, bool good)
    {
        (_ftp.Listings["/pub"], _ftp.Files["/pub/a"]) = (Line + "a\r\n", "abc");
        _ftp.Answer = command => command == "TYPE I" ? answer : null;
        var get = () => _fetcher.GetAsync(Pub, _folder["here"], ct: Ct);
        if (good) await get();
        else await Assert.ThrowsAsync<TransferExhaustedException>(get);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_line_without_an_end_costs_no_memory()
    {
        _ftp.Answer = command => command == "TYPE I" ? "200 " + new string('x', 5_000_000) : null;
        var error = await Assert.ThrowsAsync<TransferExhaustedException>(() => _fetcher.GetAsync(Pub, _folder["here"], ct: Ct));
        Assert.Contains("no end", error.Message, StringComparison.Ordinal);
    }

    private Task<TransferResult> SyncAsync() => _fetcher.SyncAsync(Pub, DataUri.ForFile(_folder["here"]), new SyncOptions { Delete = true }, ct: Ct);

    private async Task<List<DataEntry>> ListAsync(DataUri? folder = null)
    {
        var entries = new List<DataEntry>();
        await foreach (var entry in _fetcher.ListAsync(folder ?? Pub, ct: Ct)) entries.Add(entry);
        return [.. entries.OrderBy(e => e.Name, StringComparer.Ordinal)];
    }

    private void Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder["here"], name))!);
        File.WriteAllText(Path.Combine(_folder["here"], name), "old");
    }

    private string[] Tree() =>
        [.. Directory.EnumerateFiles(_folder["here"], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_folder["here"], f))
            .Where(f => !f.EndsWith(".part", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
