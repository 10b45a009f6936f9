using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Aspera with a program that takes ascp's command line and copies from a folder: the real one is not free, and so no test can have it.</summary>
[Trait("Level", "Integration")]
public sealed class AsperaTests : IDisposable
{
    private static readonly byte[] Data = Bytes(100_000);
    private readonly TestFolder _folder = new();

    public AsperaTests()
    {
        Directory.CreateDirectory(_folder["out"]);
        Directory.CreateDirectory(_folder["served/a folder"]);
        File.WriteAllBytes(_folder["served/a folder/x.bin"], Data);
        Environment.SetEnvironmentVariable("ASPERA_SCP_PASS", "s3cret");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 30_000)]
    public async Task A_file_is_fetched_with_the_password_of_the_environment_only()
    {
        var result = await GetAsync("fasp://user@host.example.org:/a folder/x.bin", Options() with { Aspera = new AsperaOptions { Rate = "500m" } });
        Assert.Equal(("x.bin", (long)Data.Length), (Assert.Single(result.Files).Name, result.Bytes));
        Assert.Equal(Data, await File.ReadAllBytesAsync(At("x.bin"), Ct));
        Assert.Equal(["x.bin"], Names());
        var words = await File.ReadAllTextAsync(_folder["words"], Ct);
        Assert.StartsWith("-Q\n-l\n500m\n-P\n33001\n-k\n1\nuser@host.example.org:/a folder/x.bin\n", words, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", words, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_breaks_off_is_continued_and_has_no_final_name_meanwhile()
    {
        await File.WriteAllTextAsync(_folder["cut"], "40000", Ct);
        await GetAsync("fasp://user@host:/a folder/x.bin");
        Assert.Equal(Data, await File.ReadAllBytesAsync(At("x.bin"), Ct));
        Assert.Equal("0\n40000\n", await File.ReadAllTextAsync(_folder["starts"], Ct));
        Assert.Equal(["x.bin"], Names());
    }

    [Fact(Timeout = 30_000)]
    public async Task A_file_can_be_unpacked_on_its_way()
    {
        await using (var zip = new System.IO.Compression.GZipStream(File.Create(_folder["served/t.gz"]),
            System.IO.Compression.CompressionMode.Compress)) zip.Write("hello"u8);
        await GetAsync("fasp://user@host:t.gz|gunzip");
        Assert.Equal("hello", await File.ReadAllTextAsync(At("t"), Ct));
        Assert.Equal(["t"], Names());
    }

    [Theory(Timeout = 30_000)]
    [InlineData("fasp://user@host:/nothing", typeof(DataNotFoundException), "ascp: no such file")]
    [InlineData("fasp://other@host:/a folder/x.bin", typeof(AccessDeniedException), "failed to authenticate")]
    [InlineData("fasp://user@host:/a folder/", typeof(UnsupportedTransferException), "folders cannot be fetched")]
    [InlineData("fasp://user@host", typeof(BadUriException), "fasp://user@host:path")]
    [InlineData("fasp://-Q@host:/x", typeof(BadUriException), "fasp://user@host:path")]
    [InlineData("fasp://user:secret@host:/x", typeof(BadUriException), "set ASPERA_SCP_PASS")]
    public async Task What_cannot_be_is_said_in_one_line_and_not_tried_again(string uri, Type type, string message)
    {
        var error = await Assert.ThrowsAsync(type, () => GetAsync(uri));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_ascp_one_line_says_so()
    {
        var error = await Assert.ThrowsAsync<UnsupportedTransferException>(
            () => GetAsync("fasp://user@host:/x", new FetchOptions { Programs = new ProgramOptions { Ascp = "no-such-ascp" } }));
        Assert.Contains("needs the program 'no-such-ascp'", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task ENAs_files_come_by_Aspera_when_that_is_asked_for_and_are_verified()
    {
        await using var ena = await FakeEna.StartAsync();
        var row = ena.Add("SRR5666311", files: [("SRR5666311_1.fastq.gz", Data)]);
        var place = _folder["served" + row["fastq_aspera"].Split(':')[1]];
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        await File.WriteAllBytesAsync(place, Data, Ct);
        var options = Options() with
            { Archives = new ArchiveOptions { EnaPortal = ena.Root + "/ena/portal/api", EnaFiles = ena.Root, SraCloud = ena.Root, EnaAspera = "user@host" } };
        Assert.Equal(FakeEna.Md5(Data), Assert.Single((await GetAsync("run+fastq@aspera://SRR5666311", options)).Files).Md5);
        Assert.Equal(["SRR5666311_1.fastq.gz"], Names());
        await File.WriteAllBytesAsync(place, Bytes(Data.Length, 9), Ct);
        var error = await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("run+fastq@aspera://SRR5666311", options));
        Assert.Contains("has the MD5", error.Message, StringComparison.Ordinal);
        // The next of the methods that were given makes up for it.
        await GetAsync("run+fastq@aspera@ftp://SRR5666311", options);
        Assert.Equal(Data, await File.ReadAllBytesAsync(At("SRR5666311_1.fastq.gz"), Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_program_of_an_image_works_as_this_user_in_the_destination_only()
    {
        var engine = TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var options = Options(served: _folder["out/.served"], log: _folder["out/.log"], at: _folder["out/.ascp"]);
        Directory.CreateDirectory(_folder["out/.log"]);
        Directory.Move(_folder["served"], _folder["out/.served"]);
        options = options with
        {
            Programs = options.Programs with
                { AscpImage = DockerFixture.Image, Docker = Script.Write(_folder["docker"], $"#!/bin/sh\nexec docker -H {engine} \"$@\"\n") },
        };
        await GetAsync("fasp://user@host:/a folder/x.bin", options);
        Assert.Equal(Data, await File.ReadAllBytesAsync(At("x.bin"), Ct));
        var missing = options with { Programs = options.Programs with { Ascp = "ascp" } };
        Assert.Contains("could not be run",
            (await Assert.ThrowsAsync<UnsupportedTransferException>(() => GetAsync("fasp://user@host:/a folder/x.bin", missing))).Message,
            StringComparison.Ordinal);
    }

    private FetchOptions Options() => Options(_folder["served"], _folder.Path, _folder["ascp"]);

    private static FetchOptions Options(string served, string log, string at) => new()
    {
        Attempts = 3, BackOff = TimeSpan.FromMilliseconds(5),
        Programs = new ProgramOptions
        {
            Ascp = Script.Write(at, $$"""
                #!/bin/sh
                printf '%s\n' "$@" >'{{log}}/words'
                while [ $# -gt 2 ]; do
                  case $1 in
                    -Q | -T) shift ;;
                    -l | -k | -i) shift 2 ;;
                    -P) [ "$2" = 33001 ] || exit 1; shift 2 ;;
                    *) echo "ascp: unknown option $1" >&2; exit 1 ;;
                  esac
                done
                path=${1#*:}
                if [ "${1%@*}" != user ] || [ "$ASPERA_SCP_PASS" != s3cret ]; then
                  echo 'Session Stop  (Error: failed to authenticate)' >&2; exit 1
                fi
                [ -f '{{served}}'/"$path" ] || { echo "ascp: no such file: $path" >&2; exit 1; }
                have=0
                [ ! -f "$2" ] || have=$(wc -c <"$2")
                echo $((have)) >>'{{log}}/starts'
                if [ -f '{{log}}/cut' ]; then
                  head -c "$(cat '{{log}}/cut')" '{{served}}'/"$path" >"$2"
                  : >"$2.aspx"
                  rm '{{log}}/cut'
                  echo 'Session Stop  (Error: Connection lost)' >&2; exit 1
                fi
                tail -c +$((have + 1)) '{{served}}'/"$path" >>"$2"
                rm -f "$2.aspx"

                """),
        },
    };

    private async Task<TransferResult> GetAsync(string uri, FetchOptions? options = null)
    {
        using var fetcher = new Fetcher(options ?? Options());
        return await fetcher.GetAsync(DataUri.Parse(uri), At(""), ct: Ct);
    }

    private string[] Names() => [.. new DirectoryInfo(At("")).EnumerateFileSystemInfos().Select(f => f.Name)];

    private string At(string name) => Path.Combine(_folder["out"], name);

    private static byte[] Bytes(int count, int seed = 4)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
