using Scitq.Agent.Files;
using Scitq.Agent.Runtimes;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class LeftBehindTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 30_000)]
    public void Set_ids_go_links_are_not_followed_and_all_else_stays_as_it_is()
    {
        var tree = Directory.CreateDirectory(_folder["tree/sub"]).Parent!.FullName;
        Make("tree/su", 0b100_111_101_101);
        Make("tree/sub/sg", 0b010_111_101_101);
        Make("tree/sub/plain", 0b111_101_101);
        Make("tree/closed", 0);
        var outside = Make("outside", 0b100_111_101_101);
        File.CreateSymbolicLink(_folder["tree/link"], outside);
        Directory.CreateSymbolicLink(_folder["tree/sub/folder"], _folder.Path);

        Assert.Equal("'su' was set-uid, set-gid or capable: only a plain program now; 'sub/sg' was set-uid, set-gid or capable: only a plain program now",
            Sorted(LeftBehind.Disarm(tree)!));
        Assert.Equal([0b111_101_101, 0b111_101_101, 0b111_101_101, 0], new[] { "tree/su", "tree/sub/sg", "tree/sub/plain", "tree/closed" }.Select(Mode));
        Assert.Equal(0b100_111_101_101, Mode("outside"));
        Assert.Null(LeftBehind.Disarm(tree, _folder["missing"]));
    }

    [Fact(Timeout = 30_000)]
    public void A_program_of_the_machine_that_was_linked_is_unlinked_and_not_changed()
    {
        Directory.CreateDirectory(_folder["tree"]);
        Make("program", 0b100_111_101_101);
        Assert.Equal(0, Link(_folder["program"], _folder["tree/program"]));
        Assert.Contains("removed", LeftBehind.Disarm(_folder["tree"]), StringComparison.Ordinal);
        Assert.Equal((0b100_111_101_101, false), (Mode("program"), File.Exists(_folder["tree/program"])));
    }

    [Fact(Timeout = 30_000)]
    public void Directories_of_another_account_become_the_agents()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        Directory.CreateDirectory(_folder["tree/sub"]);
        Unix.SetOwner(Unix.CurrentDirectory, Unix.Bytes(_folder["tree/sub"]), 1, 1);
        LeftBehind.Disarm(_folder["tree"]);
        Assert.Equal(0u, Unix.Stat(_folder["tree/sub"])!.Value.Uid);
    }

    [Fact(Timeout = 30_000)]
    public void A_directory_of_an_older_version_is_closed_for_whom_it_is()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        foreach (var (owner, root, inner, uid) in ((Ownership, int, int, uint)[])
                 [(Ownership.Own, 0b111_000_000, 0b111_000_000, 0), (Ownership.Of(1, 2), 0b111_001_000, 0b111_000_000, 1),
                     (Ownership.InContainer, 0b111_000_000, 0b111_111_111, 0)])
        {
            var directory = new WorkDirectory(_folder[$"{Guid.NewGuid():N}"]);
            foreach (var made in (string[])[directory.Root, directory.Input, directory.Output, directory.Temp, directory.Resource, directory.Control])
            {
                Directory.CreateDirectory(made);
                File.SetUnixFileMode(made, (UnixFileMode)0b111_111_111);
            }

            directory.Give(owner);
            Assert.Equal([root, root, inner, inner],
                new[] { directory.Root, directory.Control, directory.Output, directory.Temp }.Select(d => Unix.Stat(d)!.Value.Mode));
            Assert.Equal((0u, uid), (Unix.Stat(directory.Control)!.Value.Uid, Unix.Stat(directory.Output)!.Value.Uid));
        }
    }

    [Fact(Timeout = 30_000)]
    public void A_directory_that_another_account_owns_is_not_worked_in()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        Directory.CreateDirectory(_folder["theirs"]);
        Unix.SetOwner(Unix.CurrentDirectory, Unix.Bytes(_folder["theirs"]), 1, 1);
        Assert.Contains("belongs to uid 1", Assert.Throws<IOException>(() => OwnDirectory.Make(_folder["theirs"], OwnDirectory.Closed)).Message,
            StringComparison.Ordinal);
        File.CreateSymbolicLink(_folder["link"], "/etc");
        Unix.SetOwner(Unix.CurrentDirectory, Unix.Bytes(_folder["link"]), 1, 1);
        Assert.Throws<IOException>(() => OwnDirectory.MakeExactly(_folder["link"], OwnDirectory.Closed));
        Assert.Throws<IOException>(() => OwnDirectory.CheckFile(_folder["link"]));
        Directory.CreateDirectory(_folder["like-tmp"]);
        File.SetUnixFileMode(_folder["like-tmp"], (UnixFileMode)0b001_111_111_111);
        Assert.Contains("everybody may write", Assert.Throws<IOException>(() => OwnDirectory.Make(_folder["like-tmp"], OwnDirectory.Closed)).Message,
            StringComparison.Ordinal);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("/data", true)]
    [InlineData("/data/deep/er", true)]
    [InlineData("/database", false)]
    [InlineData("/data/inner/x", false)]
    [InlineData("/with blank/x", true)]
    public void How_the_file_system_of_a_path_is_mounted_is_read_off_the_mounts(string path, bool expected) => Assert.Equal(expected, MountFlags.IsNoSuid(
        path, "/dev/a / ext4 rw 0 0\n/dev/b /data ext4 rw,nosuid,nodev 0 0\n/dev/c /data/inner ext4 rw 0 0\n/dev/d /with\\040blank ext4 nosuid,rw 0 0\n"));

    private static string Sorted(string lines) => string.Join("; ", lines.Split("; ").Order(StringComparer.Ordinal));

    private string Make(string name, int mode)
    {
        File.WriteAllText(_folder[name], name);
        File.SetUnixFileMode(_folder[name], (UnixFileMode)mode);
        return _folder[name];
    }

    private int Mode(string name) => (int)File.GetUnixFileMode(_folder[name]);

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "link")]
    [System.Runtime.InteropServices.DefaultDllImportSearchPaths(System.Runtime.InteropServices.DllImportSearchPath.SafeDirectories)]
    private static extern int Link(string from, string to);
}
