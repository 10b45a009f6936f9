using System.Diagnostics;
using System.Text;
using Scitq.Agent.Staging;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Fetch.Local;
using Scitq.Fetch.Programs;

namespace Scitq.Tests.Unit.Fetch;

/// <summary>Names that are no UTF-8.</summary>
[Trait("Level", "Unit")]
public sealed class ByteNameTests : IDisposable
{
    private const string One = "caf\udce9.txt", Other = "caf\udce8.txt";
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-bytes-").FullName;
    private readonly Fetcher _fetcher = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _fetcher.Dispose();
        TreeRemoval.Remove(_root);
    }

    [Fact]
    public void Any_bytes_become_a_string_of_their_own_and_come_back()
    {
        var random = new Random(1);
        byte[] alphabet = [.. "aé\u20ac\U0001F600"u8, 0xE9, 0x80, 0xC3, 0xED, 0xA0, 0xFF, 0xF4, 0x90];
        for (var i = 0; i < 10_000; i++)
        {
            byte[] bytes = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => alphabet[random.Next(alphabet.Length)])];
            var name = ByteName.Of(bytes);
            Assert.Equal([.. bytes, 0], ByteName.Terminated(name));
            Assert.Equal(bytes.Length, ByteName.Length(name));
            Assert.Equal(System.Text.Unicode.Utf8.IsValid(bytes), ByteName.IsText(name));
            Assert.True(ByteName.IsText(ByteName.Shown(name)));
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Such_files_are_copied_compared_and_deleted_as_any_other()
    {
        Make("in/d\udcff/" + One, "one");
        Make("in/d\udcff/" + Other, "two");
        Make("in/plain", "three");
        await _fetcher.GetAsync(Uri("in/"), At("got"), ct: Ct);
        Assert.Equal(["d\udcff/" + Other, "d\udcff/" + One, "plain"], Tree("got"));
        await _fetcher.CopyAsync(Uri("in/"), Uri("copied/"), ct: Ct);
        Assert.Equal(Tree("in"), Tree("copied"));
        await _fetcher.SyncAsync(Uri("in/"), Uri("synced/"), ct: Ct);
        Assert.Equal(3, (await _fetcher.SyncAsync(Uri("in/"), Uri("synced/"), ct: Ct)).Skipped);
        LocalFiles.Delete(At("in/d\udcff/" + One));
        await _fetcher.SyncAsync(Uri("in/"), Uri("synced/"), new SyncOptions { Delete = true }, ct: Ct);
        Assert.Equal(["d\udcff/" + Other, "plain"], Tree("synced"));
    }

    [Fact]
    public void A_program_that_writes_such_a_file_is_seen_to_move()
    {
        Make("p/d\udcff/" + One, "one");
        var before = Growth.Stamp(At("p"), file: null);
        Make("p/d\udcff/" + Other, "two");
        Assert.True(before > 0);
        Assert.NotEqual(before, Growth.Stamp(At("p"), file: null));
    }

    [Fact(Timeout = 30_000)]
    public async Task Of_a_folder_that_is_uploaded_they_are_refused_by_name_and_the_others_delivered()
    {
        Make("o/" + One, "one");
        Make("o/" + Other, "two");
        Make("o/plain", "three");
        var refused = await Assert.ThrowsAsync<UnsupportedTransferException>(() => _fetcher.PutAsync(At("o"), Uri("stored/"), ct: Ct));
        Assert.Equal(2, refused.Failures.Count);
        Assert.Contains(refused.Failures, f => f.Message.Contains(@"caf\xe9.txt", StringComparison.Ordinal));
        Assert.Equal("plain", Assert.Single(refused.Moved!.Files).Name);
        Assert.Equal(["plain"], Tree("stored"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_resource_with_such_names_is_linked_whole()
    {
        Make("kept/data/d/" + One, "one");
        Make("kept/data/d/" + Other, "two");
        LocalFiles.SymbolicLink(At("kept/data/l\udcfe"), "d/" + One);
        Make("task/d/" + One, "older");
        LinkTree.Make(At("kept/data"), At("task"), Ct);
        Assert.Equal(["d/" + Other, "d/" + One, "l\udcfe"], Tree("task"));
        Assert.Equal("d/" + One, LocalFiles.LinkTarget(At("task/l\udcfe")));
        using var read = new StreamReader(LocalFiles.Open(At("task/d/" + One), new FileStreamOptions()));
        Assert.Equal("one", await read.ReadToEndAsync(Ct));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_another_program_made_is_seen_and_removed()
    {
        Directory.CreateDirectory(At("o"));
        using (var made = Process.Start("sh",
            ["-c", $"cd '{At("o")}' && touch \"$(printf 'bad\\377')\" \"$(printf 'bad\\376')\" && mkdir -p \"$(printf 'd\\375/e\\374')\" && ln -s \"$(printf "
            + $"'x\\373')\" l"]))
            await made.WaitForExitAsync(Ct);
        Assert.Equal(["bad\udcfe", "bad\udcff", "l"], Tree("o"));
        Assert.Equal("x\udcfb", LocalFiles.LinkTarget(At("o/l")));
        TreeRemoval.Remove(At("o"));
        Assert.False(Directory.Exists(At("o")));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_link_with_such_a_name_leads_nobody_out_of_the_allowed_folders()
    {
        Directory.CreateDirectory(At("roots"));
        Make("secret", "x");
        LocalFiles.SymbolicLink(At("roots/l\udcff"), At("secret"));
        using var fetcher = new Fetcher(new FetchOptions { FileRoots = [At("roots")] });
        await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.InfoAsync(Uri("roots/l\udcff"), Ct));
    }

    private DataUri Uri(string name) => DataUri.ForFile(_root).At(At(name));

    private string At(string name) => Path.Combine(_root, name);

    private void Make(string name, string text)
    {
        LocalFiles.MakeDirectory(Path.GetDirectoryName(At(name))!);
        using var file = LocalFiles.Open(At(name), new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write });
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private string[] Tree(string name)
    {
        var found = new List<string>();
        Walk(At(name), "");
        return [.. found.Order(StringComparer.Ordinal)];

        void Walk(string path, string prefix)
        {
            foreach (var child in LocalFiles.NamesIn(path))
                if (FileKinds.Of(Path.Combine(path, child)) == FileKind.Directory) Walk(Path.Combine(path, child), prefix + child + "/");
                else found.Add(prefix + child);
        }
    }
}
