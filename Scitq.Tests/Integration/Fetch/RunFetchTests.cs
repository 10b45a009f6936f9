using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Runs of the public archives: the archives are ours, the SRA toolkit is Debian's.</summary>
[Trait("Level", "Integration")]
public sealed class RunFetchTests : IAsyncLifetime
{
    private const string Run = "SRR5666311";
    private static readonly byte[] One = Bytes(300_000, 1), Two = Bytes(200_000, 2), Other = Bytes(1000, 3);
    private readonly TestFolder _folder = new();
    private FakeEna _ena = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _ena = await FakeEna.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _ena.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000), Trait("Id", "R1")]
    public async Task A_paired_run_comes_from_ENA_with_its_md5s_verified()
    {
        Pair(Run);
        var result = await GetAsync($"run+fastq://{Run}");
        Assert.Equal([($"{Run}_1.fastq.gz", FakeEna.Md5(One)), ($"{Run}_2.fastq.gz", FakeEna.Md5(Two))], result.Files.Select(f => (f.Name, f.Md5!)));
        Assert.Equal(One, await File.ReadAllBytesAsync(At($"{Run}_1.fastq.gz"), Ct));
        Assert.Equal([$"{Run}_1.fastq.gz", $"{Run}_2.fastq.gz"], Names());
    }

    [Fact(Timeout = 60_000), Trait("Id", "R1")]
    public async Task A_run_comes_by_FTP_where_ENA_is_reached_by_that()
    {
        var root = $"{TestEnvironment.Required("SCITQ_TEST_FTP").TrimEnd('/')}/scitq-{Guid.NewGuid():N}";
        Pair(Run);
        await File.WriteAllBytesAsync(_folder["1"], One, Ct);
        await File.WriteAllBytesAsync(_folder["2"], Two, Ct);
        using var fetcher = new Fetcher(Options() with { Archives = Archives() with { EnaFiles = root } });
        for (var read = 1; read <= 2; read++)
            await fetcher.PutAsync(_folder[$"{read}"], DataUri.Parse($"{root}/vol1/fastq/SRR566/311/{Run}/{Run}_{read}.fastq.gz"), ct: Ct);
        await fetcher.GetAsync(DataUri.Parse($"run+fastq@ftp://{Run}/"), At(""), ct: Ct);
        Assert.Equal(Two, await File.ReadAllBytesAsync(At($"{Run}_2.fastq.gz"), Ct));
        Assert.DoesNotContain(_ena.Server.Requests, r => r.Contains("/vol1/", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000), Trait("Id", "R3")]
    public async Task ENAs_empty_answers_are_asked_again()
    {
        Pair(Run);
        _ena.Instead.Enqueue(FakeEna.Text("[]"));
        _ena.Instead.Enqueue(FakeEna.Text(""));
        await GetAsync($"run+fastq://{Run}");
        Assert.Equal((3, 2), (_ena.Questions, Names().Length));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_report_without_any_value_is_asked_again()
    {
        Pair(Run);
        _ena.Instead.Enqueue(FakeEna.Text($$"""[{"run_accession":"{{Run}}","fastq_ftp":"","fastq_md5":"","fastq_bytes":""}]"""));
        await GetAsync($"run+fastq://{Run}");
        Assert.Equal(2, _ena.Questions);
    }

    [Fact(Timeout = 120_000), Trait("Id", "R4")]
    public async Task A_run_unknown_to_ENA_comes_from_SRAs_open_data()
    {
        await InSraAsync("SRR900001");
        var result = await GetAsync("run+fastq://SRR900001");
        Assert.Equal(1, _ena.Questions);
        Assert.Equal(["SRR900001_1.fastq.gz", "SRR900001_2.fastq.gz"], Names());
        Assert.Equal(Names(), result.Files.Select(f => f.Name));
        for (var read = 1; read <= 2; read++)
            Assert.Equal(SraRun.Bases(SraRun.Fastq(read)), SraRun.Bases(Unzipped($"SRR900001_{read}.fastq.gz")));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_single_end_run_of_SRA_is_compressed_without_pigz_too()
    {
        await InSraAsync("SRR900002", paired: false);
        await GetAsync("run+fastq@sra@filter_r1://SRR900002", Options() with { Programs = new ProgramOptions { Pigz = "no-such-pigz" } });
        Assert.Equal(["SRR900002.fastq.gz"], Names());
        Assert.Equal(SraRun.Bases(SraRun.Fastq(1)), SraRun.Bases(Unzipped("SRR900002.fastq.gz")));
    }

    [Fact(Timeout = 60_000), Trait("Id", "R6")]
    public async Task A_run_may_have_three_files()
    {
        _ena.Add(Run, files: [($"{Run}.fastq.gz", Other), ($"{Run}_1.fastq.gz", One), ($"{Run}_2.fastq.gz", Two)]);
        Assert.Equal(3, (await GetAsync($"run+fastq://{Run}")).Files.Count);
        Assert.Equal([$"{Run}.fastq.gz", $"{Run}_1.fastq.gz", $"{Run}_2.fastq.gz"], Names());
    }

    [Fact(Timeout = 120_000), Trait("Id", "R7")]
    public async Task A_run_without_FASTQ_at_ENA_comes_from_SRA()
    {
        await InSraAsync("SRR900001");
        _ena.Add("SRR900001")["sra_ftp"] = "ftp.sra.ebi.ac.uk/vol1/srr/SRR900/001/SRR900001";
        await GetAsync("run+fastq@filter_r1://SRR900001");
        Assert.Equal((1, "SRR900001_1.fastq.gz"), (_ena.Questions, Assert.Single(Names())));
    }

    [Fact(Timeout = 120_000), Trait("Id", "R9")]
    public async Task Sra_alone_asks_nothing_of_ENA()
    {
        Pair("SRR900001");
        await InSraAsync("SRR900001");
        await GetAsync("run+fastq@sra://SRR900001");
        Assert.All(_ena.Server.Requests, r => Assert.Contains(" /sra/", r, StringComparison.Ordinal));
        Assert.Equal(["SRR900001_1.fastq.gz", "SRR900001_2.fastq.gz"], Names());
    }

    [Theory, Trait("Id", "R10")]
    [InlineData("run+fastq@foo://SRR1", "unknown transport option '@foo'")]
    [InlineData("run+fastq@aria2://SRR1", "'@aria2', which run+fastq:// does not take")]
    [InlineData("run+submitted@sra://SRR1", "'@sra', which run+submitted:// does not take")]
    [InlineData("s3@aria2://b/k", "'@aria2', which s3:// does not take")]
    public void An_option_that_would_do_nothing_is_refused(string uri, string problem)
    {
        using var fetcher = new Fetcher();
        Assert.Contains(problem, Assert.Throws<BadUriException>(() => fetcher.CheckUri(uri)).Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000), Trait("Id", "R12")]
    [InlineData("SRR5666312", "SRR5666312.fastq.gz", "SRR5666312.fastq.gz")]
    [InlineData("SRR5666311", "SRR5666311_2.fastq.gz", "SRR5666311_2.fastq.gz")]
    [InlineData("SRR5666311", "SRR5666311_1.fastq.gz SRR5666311_2.fastq.gz", "SRR5666311_1.fastq.gz")]
    [InlineData("SRR5666311", "a_R1_001.fastq.gz a_R2_001.fastq.gz", "a_R1_001.fastq.gz")]
    [InlineData("SRR5666311", "v_2.1_x.fastq.gz y_2.fastq.gz", "v_2.1_x.fastq.gz")]
    public async Task Filter_r1_leaves_out_second_reads_but_never_all(string run, string files, string kept)
    {
        _ena.Add(run, files: [.. files.Split(' ').Select(n => (n, Other))]);
        await GetAsync($"run+fastq@filter_r1://{run}");
        Assert.Equal(kept.Split(' '), Names());
    }

    [Fact(Timeout = 60_000), Trait("Id", "R13")]
    public async Task A_sample_gives_all_its_runs()
    {
        Pair("ERR4013101", "SAMEA6513017");
        Pair("ERR4013102", "SAMEA6513017");
        await GetAsync("run+fastq://SAMEA6513017");
        Assert.Equal(["ERR4013101_1.fastq.gz", "ERR4013101_2.fastq.gz", "ERR4013102_1.fastq.gz", "ERR4013102_2.fastq.gz"], Names());
    }

    [Fact(Timeout = 120_000)]
    public async Task What_arrives_with_a_wrong_md5_is_dropped_for_the_next_method()
    {
        await InSraAsync("SRR900001");
        Pair("SRR900001")["fastq_md5"] = $"{FakeEna.Md5(One)};{new string('0', 32)}";
        var warning = Assert.Single((await GetAsync("run+fastq://SRR900001")).Warnings);
        Assert.StartsWith("run+fastq://SRR900001 was fetched by sra-cloud, for other ways failed: ena: ", warning, StringComparison.Ordinal);
        Assert.Contains($"instead of {new string('0', 32)}", warning, StringComparison.Ordinal);
        Assert.Equal(SraRun.Bases(SraRun.Fastq(2)), SraRun.Bases(Unzipped("SRR900001_2.fastq.gz")));
        var error = await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("run+fastq@ftp://SRR900001", into: "alone"));
        Assert.Contains($"instead of {new string('0', 32)}", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["alone"]));
    }

    [Fact(Timeout = 120_000)]
    public async Task An_accession_unknown_everywhere_fails_at_once()
    {
        await using var sdl = await LocatorAsync();
        var error = await Assert.ThrowsAsync<DataNotFoundException>(() => GetAsync("run+fastq://SRR999999", Options() with { Programs = WithLocator(sdl) }));
        Assert.StartsWith("run+fastq://SRR999999: ena: unknown to ENA. sra-cloud: it is not in SRA's open data. prefetch: unknown to SRA", error.Message,
            StringComparison.Ordinal);
        Assert.Equal((1, 1), (_ena.Questions, sdl.Requests.Count(r => r.StartsWith("POST", StringComparison.Ordinal))));
        Assert.Empty(Names());
        await Assert.ThrowsAsync<DataNotFoundException>(() => GetAsync("run+fastq://SAMEA999"));
        await Assert.ThrowsAsync<DataNotFoundException>(() => GetAsync("run+submitted://SRR999999"));
        await Assert.ThrowsAsync<BadUriException>(() => GetAsync("run+fastq://../etc"));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_not_in_the_open_data_is_prefetched()
    {
        await using var sdl = await LocatorAsync();
        sdl.Files["/f/SRR900001"] = await SraRun.MakeAsync("SRR900001", _folder["make"]);
        await GetAsync("run+fastq@sra://SRR900001", Options() with { Programs = WithLocator(sdl) });
        Assert.Equal(SraRun.Bases(SraRun.Fastq(1)), SraRun.Bases(Unzipped("SRR900001_1.fastq.gz")));
        Assert.Equal(["SRR900001_1.fastq.gz", "SRR900001_2.fastq.gz"], Names());
    }

    [Fact(Timeout = 120_000)]
    public async Task What_an_earlier_process_left_damaged_or_locked_is_fetched_again()
    {
        await using var sdl = await LocatorAsync();
        var whole = sdl.Files["/f/SRR900001"] = await SraRun.MakeAsync("SRR900001", _folder["make"]);
        var fetched = At(".SRR900001.part/prefetch/fetched/SRR900001");
        var bases = await File.ReadAllBytesAsync(_folder["make/tree/tbl/SEQUENCE/col/READ/data"], Ct);
        var reads = whole.AsSpan().IndexOf(bases);
        // One wrong base only vdb-validate sees; where much is wrong, prefetch itself fails.
        foreach (var (from, to) in new[] { (reads + 500, reads + 501), (whole.Length / 2, whole.Length) })
        {
            var damaged = whole.ToArray();
            for (var i = from; i < to; i++) damaged[i] ^= 0x55;
            Directory.CreateDirectory(fetched);
            await File.WriteAllBytesAsync(Path.Combine(fetched, "SRR900001.sra"), damaged, Ct);
            await GetAsync("run+fastq@sra://SRR900001", Options() with { Programs = WithLocator(sdl) });
            Assert.Equal(SraRun.Bases(SraRun.Fastq(2)), SraRun.Bases(Unzipped("SRR900001_2.fastq.gz")));
        }

        Directory.CreateDirectory(fetched);
        await File.WriteAllBytesAsync(Path.Combine(fetched, "SRR900001.sra.lock"), [], Ct);
        await GetAsync("run+fastq@sra://SRR900001", Options() with { Programs = WithLocator(sdl) });

        _ena.Server.Files["/sra/SRR900001/SRR900001"] = whole;
        fetched = Directory.CreateDirectory(At(".SRR900001.part/sra-cloud/fetched")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(fetched, "SRR900001"), [.. whole[..(reads + 500)], (byte)~whole[reads + 500], .. whole[(reads + 501)..]],
            Ct);
        await GetAsync("run+fastq@sra://SRR900001");
        Assert.Equal(SraRun.Bases(SraRun.Fastq(2)), SraRun.Bases(Unzipped("SRR900001_2.fastq.gz")));
        Assert.Equal(["SRR900001_1.fastq.gz", "SRR900001_2.fastq.gz"], Names());
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_damaged_twice_is_no_run()
    {
        await using var sdl = await LocatorAsync();
        sdl.Files["/f/SRR900001"] = await SraRun.MakeAsync("SRR900001", _folder["make"]);
        var programs = WithLocator(sdl) with { VdbValidate = Script.Write(_folder["vdb-validate"], "#!/bin/sh\necho 'check failed' >&2\nexit 3\n") };
        var error = await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("run+fastq@sra://SRR900001", Options() with { Programs = programs }));
        Assert.Contains("prefetch: what prefetch brought is damaged: vdb-validate ended with code 3: check failed", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, sdl.Requests.Count(r => r.StartsWith("GET /f/SRR900001", StringComparison.Ordinal)));
        Assert.Empty(Names());
    }

    [Fact(Timeout = 60_000)]
    public async Task An_ENA_that_is_down_for_a_while_is_outlived_and_one_that_stays_down_is_given_up()
    {
        Pair(Run);
        for (var i = 0; i < 9; i++) _ena.Instead.Enqueue(FakeEna.Status(503));
        await GetAsync($"run+fastq://{Run}", Options() with { Programs = Nothing() });
        for (var i = 0; i < 1000; i++) _ena.Instead.Enqueue(FakeEna.Status(503));
        var error = await Assert.ThrowsAsync<TransferExhaustedException>(() => GetAsync($"run+fastq://{Run}", Options() with { Programs = Nothing() }));
        Assert.Equal($"run+fastq://{Run}: ENA: the server answered 503 Service Unavailable. Given up after 4 attempts.", error.Message);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Names_of_any_characters_are_fetched_whole(bool byFtp)
    {
        string[] names = ["a#1 b.bam", "c?d=e&f.bam", "100%25.bam", "g;h+i.bam", "j|k.bam", "é[l].bam"];
        _ena.Add(Run, kind: "submitted", files: [.. names.Select((n, i) => (n, Bytes(1000 + i, i)))]);
        var options = Options();
        await using var ftp = new ScriptedFtp();
        if (byFtp)
        {
            options = options with { Archives = Archives() with { EnaFiles = ftp.Root } };
            for (var i = 0; i < names.Length; i++)
                ftp.Files[Latin($"/vol1/submitted/SRR566/311/{Run}/{names[i]}")] = System.Text.Encoding.Latin1.GetString(Bytes(1000 + i, i));
        }

        await GetAsync($"run+submitted://{Run}", options);
        Assert.Equal(names.Order(StringComparer.Ordinal), Names());
        for (var i = 0; i < names.Length; i++) Assert.Equal(Bytes(1000 + i, i), await File.ReadAllBytesAsync(At(names[i]), Ct));

        static string Latin(string text) => System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(text));
    }

    [Theory]
    [InlineData("", "2026-11-27T09:37:06 prefetch.3.0.3: Current preference is set to retrieve SRA Normalized Format files with full base quality scores.",
        "it did not say why; mostly the network cannot be reached")]
    [InlineData("",
        "2026-11-27T09:37:08 prefetch.3.0.3 int: empty while validating file - cannot open remote file: http://h/f\n2026-11-27T09:37:08 prefetch.3.0.3: 1) "
        + "Downloading 'X'...\n2026-11-27T09:37:08 prefetch.3.0.3:  HTTP download failed",
        "empty while validating file - cannot open remote file: http://h/f")]
    [InlineData("",
        "2026-11-27T09:37:08 fasterq-dump.3.0.3 err: invalid accession './x.sra'\n=====================\nAn error occurred during processing.\nA report was "
        + "generated into the file '/root/ncbi_error_report.txt'.\n=====================\n", "invalid accession './x.sra'")]
    [InlineData("2026-11-27T09:37:08 prefetch.3.0.3: 1) Downloading 'X'...\n", "2026-11-27T09:37:08 prefetch.3.0.3:  HTTP download failed",
        "HTTP download failed")]
    [InlineData("", "check failed", "check failed")]
    public void The_line_that_says_why_is_quoted(string output, string errors, string why) =>
        Assert.Equal(why, Scitq.Fetch.Runs.SraToolkit.Why(new Scitq.Fetch.Programs.ProgramEnd(3, output + "\n" + errors, "")));

    [Fact(Timeout = 60_000)]
    public async Task A_killed_fetch_is_continued_and_nothing_partial_has_a_final_name()
    {
        Pair(Run);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var answer = _ena.Server.Fault!;
        _ena.Server.Fault = async c =>
        {
            if (c.Request.Method != "GET" || !c.Request.Path.Value!.EndsWith("_1.fastq.gz", StringComparison.Ordinal)) return await answer(c);
            c.Response.Headers.ETag = "\"v1\"";
            c.Response.ContentLength = One.Length;
            await c.Response.Body.WriteAsync(One.AsMemory(0, 100_000), Ct);
            await c.Response.Body.FlushAsync(Ct);
            while (!Directory.EnumerateFiles(At(""), "*", SearchOption.AllDirectories).Any(f => f.EndsWith("_2.fastq.gz", StringComparison.Ordinal))
                || !Directory.EnumerateFiles(At(""), "*.part", SearchOption.AllDirectories).Any(f => new FileInfo(f).Length == 100_000)) await Task.Delay(10,
                    Ct);
            Assert.Equal([$".{Run}.part.lock"], Directory.EnumerateFiles(At("")).Select(f => Path.GetFileName(f)));
            await stop.CancelAsync();
            return true;
        };
        using (var fetcher = new Fetcher(Options()))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetcher.GetAsync(DataUri.Parse($"run+fastq://{Run}"), At(""), ct: stop.Token));
        _ena.Server.Fault = answer;
        _ena.Server.Requests.Clear();
        await GetAsync($"run+fastq://{Run}");
        Assert.Contains(_ena.Server.Requests, r => r.EndsWith("_1.fastq.gz bytes=100000-", StringComparison.Ordinal));
        Assert.DoesNotContain(_ena.Server.Requests, r => r.Contains("_2.fastq.gz", StringComparison.Ordinal));
        Assert.Equal(One, await File.ReadAllBytesAsync(At($"{Run}_1.fastq.gz"), Ct));
        Assert.Equal([$"{Run}_1.fastq.gz", $"{Run}_2.fastq.gz"], Names());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_listing_shows_what_would_be_fetched()
    {
        Pair("ERR4013101", "SAMEA6513017");
        var only = _ena.Add("ERR4013102", "SAMEA6513017");
        (only["sra_ftp"], only["sra_bytes"], only["sra_md5"]) = ("ftp.sra.ebi.ac.uk/vol1/err/ERR401/002/ERR4013102", "77", FakeEna.Md5(Other));
        using var fetcher = new Fetcher(Options());
        var listed = await fetcher.ListAsync(DataUri.Parse("run+fastq://SAMEA6513017"), ct: Ct).ToArrayAsync(Ct);
        Assert.Equal(
            [("ERR4013101_1.fastq.gz", 300_000, FakeEna.Md5(One)), ("ERR4013101_2.fastq.gz", 200_000, FakeEna.Md5(Two)),
                ("ERR4013102.sra", 77L, FakeEna.Md5(Other))],
            listed.Select(e => (e.Name, e.Size!.Value, e.Md5!)));
        Assert.Equal(3, (await fetcher.ListAsync(DataUri.Parse("run+fastq@filter_r1://SAMEA6513017"), ct: Ct).ToArrayAsync(Ct)).Length + 1);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_ENA_has_can_be_synchronised_and_a_second_time_moves_nothing()
    {
        Pair(Run);
        using var fetcher = new Fetcher(Options());
        var (from, to) = (DataUri.Parse($"run+fastq://{Run}"), DataUri.ForFile(_folder["sync"]));
        Assert.Equal((2, 0),
            (await fetcher.SyncAsync(from, to, new SyncOptions { Checksum = true }, ct: Ct) is var first ? first.Files.Count : 0, first.Skipped));
        Assert.Equal(2, (await fetcher.SyncAsync(from, to, new SyncOptions { Checksum = true }, ct: Ct)).Skipped);
    }

    [Fact(Timeout = 60_000)]
    public async Task Submitted_files_keep_their_names_unless_two_runs_have_the_same()
    {
        _ena.Add("ERR4013101", "SAMEA1000", "submitted", ("a.bam", One), ("reads.bam", Two));
        _ena.Add("ERR4013102", "SAMEA1000", "submitted", ("reads.bam", Other));
        await GetAsync("run+submitted://SAMEA1000");
        Assert.Equal(["ERR4013101/reads.bam", "ERR4013102/reads.bam", "a.bam"], Names());
        Assert.Equal(Other, await File.ReadAllBytesAsync(At("ERR4013102/reads.bam"), Ct));
        await Assert.ThrowsAsync<BadUriException>(() => GetAsync("run+submitted://SAMEA1000|gunzip"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Stopping_a_fetch_kills_all_the_program_has_started()
    {
        var programs = new ProgramOptions
        {
            FasterqDump = "/bin/false",
            Prefetch = Script.Write(_folder["prefetch"],
                $"#!/bin/sh\nenv > {_folder["env"]}\nsh -c 'echo $$ > {_folder["pid.new"]}; mv {_folder["pid.new"]} {_folder["pid"]}; sleep 1000; :' "
                + $"&\nwait\n"),
        };
        Environment.SetEnvironmentVariable("SCITQ_TEST_A_SECRET", "s3cret");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using var fetcher = new Fetcher(Options() with { Programs = programs });
        var fetch = fetcher.GetAsync(DataUri.Parse("run+fastq@sra://SRR900001"), At(""), ct: stop.Token);
        while (!File.Exists(_folder["pid"])) await Task.Delay(10, Ct);
        using var grandchild = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(_folder["pid"], Ct), CultureInfo.InvariantCulture));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        await grandchild.WaitForExitAsync(Ct);
        Assert.DoesNotContain("s3cret", await File.ReadAllTextAsync(_folder["env"], Ct), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_the_SRA_toolkit_one_line_says_what_to_install()
    {
        _ena.Add("SRR900001")["sra_ftp"] = "ftp.sra.ebi.ac.uk/vol1/srr/SRR900/001/SRR900001";
        var error = await Assert.ThrowsAsync<DataNotFoundException>(() => GetAsync("run+fastq://SRR900001", Options() with { Programs = Nothing() }));
        Assert.Contains("needs the program '/nowhere/fasterq-dump'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain(_ena.Server.Requests, r => r.Contains("/sra/", StringComparison.Ordinal));
    }

    private Dictionary<string, string> Pair(string run, string? sample = null) =>
        _ena.Add(run, sample, files: [($"{run}_1.fastq.gz", One), ($"{run}_2.fastq.gz", Two)]);

    private async Task InSraAsync(string run, bool paired = true) =>
        _ena.Server.Files[$"/sra/{run}/{run}"] = await SraRun.MakeAsync(run, _folder["make"], paired);

    private async Task<TransferResult> GetAsync(string uri, FetchOptions? options = null, string into = "out")
    {
        using var fetcher = new Fetcher(options ?? Options());
        return await fetcher.GetAsync(DataUri.Parse(uri), _folder[into], ct: Ct);
    }

    private FetchOptions Options() =>
        new() { Attempts = 4, BackOff = TimeSpan.FromMilliseconds(5), IdleTimeout = TimeSpan.FromSeconds(20), Archives = Archives() };

    private ArchiveOptions Archives() => new() { EnaPortal = _ena.Root + "/ena/portal/api/", EnaFiles = _ena.Root, SraCloud = _ena.Root + "/sra" };

    private static ProgramOptions Nothing() => new() { FasterqDump = "/nowhere/fasterq-dump", Prefetch = "/nowhere/prefetch" };

    /// <summary>The service that tells prefetch where runs are: it knows the files below <c>/f/</c>.</summary>
    private static async Task<HttpServer> LocatorAsync()
    {
        var server = await HttpServer.StartAsync();
        server.Fault = async c =>
        {
            if (!c.Request.Path.StartsWithSegments("/sdl", StringComparison.Ordinal)) return false;
            var asked = (await c.Request.ReadFormAsync(Ct))["acc"].Concat(c.Request.Query["acc"]).OfType<string>().Distinct();
            await c.Response.WriteAsJsonAsync(new { version = "2", result = asked.Select(Answer) }, Ct);
            return true;
        };
        return server;

        object Answer(string run) => server.Files.TryGetValue("/f/" + run, out var bytes)
            ? new
            {
                bundle = run, status = 200, msg = "ok",
                files = new[]
                {
                    new
                    {
                        @object = "srapub|" + run, type = "sra", name = run, size = bytes.Length, md5 = FakeEna.Md5(bytes),
                        modificationDate = "2020-01-01T00:00:00Z",
                        locations = new[] { new { service = "sra-ncbi", region = "public", link = $"{server.Root}/f/{run}" } },
                    },
                },
            }
            : new { bundle = run, status = 404, msg = "Cannot resolve accession" };
    }

    /// <summary>Debian's prefetch, with settings that make it ask our locator.</summary>
    private ProgramOptions WithLocator(HttpServer locator)
    {
        if (!File.Exists("/usr/bin/prefetch")) TestEnvironment.Missing("/usr/bin/prefetch of Debian's sra-toolkit is not there");
        Directory.CreateDirectory(_folder["home/.ncbi"]);
        File.WriteAllText(_folder["home/.ncbi/user-settings.mkfg"], $"""
            /LIBS/GUID = "11111111-2222-3333-4444-555555555555"
            /libs/cloud/report_instance_identity = "false"
            /repository/remote/main/SDL.2/resolver-cgi = "{locator.Root}/sdl/2/retrieve"

            """);
        return new ProgramOptions { Prefetch = Script.Write(_folder["prefetch"], $"#!/bin/sh\nHOME={_folder["home"]} exec /usr/bin/prefetch \"$@\"\n") };
    }

    private string Unzipped(string name)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(At(name)), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    /// <summary>All that is there, hidden files too.</summary>
    private string[] Names() =>
        [.. Directory.EnumerateFiles(At(""), "*", new EnumerationOptions { AttributesToSkip = 0, RecurseSubdirectories = true })
            .Select(f => Path.GetRelativePath(At(""), f)).Order(StringComparer.Ordinal)];

    private string At(string name) => Path.Combine(_folder["out"], name);

    private static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
