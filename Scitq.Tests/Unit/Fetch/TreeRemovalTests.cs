using System.Diagnostics;
using Scitq.Fetch.Local;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Fetch;

/// <summary>Whatever a program leaves in its directory goes, and nothing else does.</summary>
[Trait("Level", "Unit")]
public sealed class TreeRemovalTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _root;
    private readonly string _outside;

    public TreeRemovalTests()
    {
        (_root, _outside) = (_folder["tree"], _folder["outside"]);
        Directory.CreateDirectory(Path.Combine(_outside, "kept"));
        File.WriteAllText(Path.Combine(_outside, "kept", "file"), "precious");
    }

    public void Dispose()
    {
        Assert.Equal("precious", File.ReadAllText(Path.Combine(_outside, "kept", "file")));
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public void What_is_not_there_is_removed_already()
    {
        TreeRemoval.Remove(_root);
        TreeRemoval.Remove(_folder["no/such/parent"]);
        TreeRemoval.Remove(_folder["outside/kept/file/below"]);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(25, 200)]
    [InlineData(3000, 1)]
    [InlineData(700, 255)]
    public void Directories_of_any_depth_go(int depth, int nameLength)
    {
        HostileTree.Nest(_root, depth, nameLength);
        var descriptors = Directory.GetFiles("/proc/self/fd").Length;
        Assert.InRange(TreeSize.Of(_root), 25, depth);
        TreeRemoval.Remove(_root);
        Assert.False(Directory.Exists(_root));
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, descriptors + 40);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Names_of_any_bytes_modes_links_and_nodes_go(int seed)
    {
        HostileTree.Grow(_root, seed, 2000, _outside);
        _ = TreeSize.Of(_root);
        TreeRemoval.Remove(_root);
        Assert.False(Directory.Exists(_root));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void An_ordinary_account_gets_rid_of_what_it_has_closed_to_itself(int seed)
    {
        OtherAccount.Own(_folder.Path);
        OtherAccount.Do(() =>
        {
            HostileTree.Grow(_root, seed, 2000, _outside);
            HostileTree.Nest(Path.Combine(_root, "deep"), 300, 20);
            File.SetUnixFileMode(Path.Combine(_root, "deep", "chain"), UnixFileMode.None);
            File.SetUnixFileMode(_root, UnixFileMode.None);
            TreeRemoval.Remove(_root);
        });
        Assert.False(Directory.Exists(_root));
    }

    [Fact(Timeout = 900_000)]
    public void A_hundred_thousand_files_go_in_little_memory()
    {
        Directory.CreateDirectory(_root);
        for (var i = 0; i < 100_000; i++) File.OpenHandle(Path.Combine(_root, $"{i}"), FileMode.CreateNew, FileAccess.Write).Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        TreeRemoval.Remove(_root);
        Assert.False(Directory.Exists(_root));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact(Timeout = 60_000)]
    public void A_link_in_place_of_the_directory_goes_and_its_target_stays()
    {
        File.CreateSymbolicLink(_root, _outside);
        TreeRemoval.Remove(_root);
        Assert.Null(new FileInfo(_root).LinkTarget);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_that_turns_into_a_link_again_and_again_leads_nowhere()
    {
        for (var round = 0; round < 30; round++)
        {
            var (inner, link) = (Path.Combine(_root, "x"), Path.Combine(_root, "y"));
            Directory.CreateDirectory(inner);
            File.CreateSymbolicLink(link, _outside);
            using var over = new CancellationTokenSource();
            var swaps = Task.Run(() =>
            {
                var spare = _folder["spare"];
                while (!over.IsCancellationRequested)
                {
                    _ = Rename(inner, spare);
                    _ = Rename(link, inner);
                    _ = Rename(spare, link);
                }
            });
            try
            {
                TreeRemoval.Remove(_root);
            }
            catch (IOException)
            {
                // Something was put back just then.
            }

            await over.CancelAsync();
            await swaps;
            TreeRemoval.Remove(_root);
            TreeRemoval.Remove(_folder["spare"]);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task While_somebody_writes_there_it_ends_and_says_what_is_left()
    {
        Directory.CreateDirectory(Path.Combine(_root, "busy"));
        using var writer = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "cd \"$0\" && i=0; while :; do i=$((i+1)); mkdir -p \"$0\"; : >\"$0/$i\"; done 2>/dev/null", Path.Combine(_root, "busy")]))!;
        try
        {
            await Eventually.Async(() => Directory.EnumerateFiles(Path.Combine(_root, "busy")).Any(), "it writes");
            var error = Record.Exception(() => TreeRemoval.Remove(_root));
            if (error is not null) Assert.Contains("could not be removed", Assert.IsType<IOException>(error).Message, StringComparison.Ordinal);
        }
        finally
        {
            writer.Kill();
            await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        TreeRemoval.Remove(_root);
        Assert.False(Directory.Exists(_root));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_mounted_inside_is_unmounted_and_not_entered()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        foreach (var name in (string[])["bind", "twice", "memory", "deep/er"]) Directory.CreateDirectory(Path.Combine(_root, name));
        await File.WriteAllTextAsync(Path.Combine(_root, "file"), "");
        Mount("--bind", _outside, Path.Combine(_root, "bind"));
        Mount("--bind", _outside, Path.Combine(_root, "twice"));
        Mount("--bind", _outside, Path.Combine(_root, "twice"));
        Mount("-t", "tmpfs", "none", Path.Combine(_root, "memory"));
        Mount("--bind", Path.Combine(_outside, "kept", "file"), Path.Combine(_root, "file"));
        Mount("-o", "bind,ro", Path.Combine(_root, "deep"), Path.Combine(_root, "deep", "er"));
        Mount("--bind", _root, _root);
        TreeRemoval.Remove(_root);
        Assert.False(Directory.Exists(_root));
        Assert.DoesNotContain(_root, await File.ReadAllTextAsync("/proc/mounts"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public void Immutable_and_append_only_things_go()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        Directory.CreateDirectory(Path.Combine(_root, "a", "b"));
        foreach (var file in (string[])["f", "a/f", "a/b/f"]) File.WriteAllText(Path.Combine(_root, file), "");
        Assert.SkipUnless(Run("chattr", "+i", Path.Combine(_root, "f")) == 0, "This file system has no such flags.");
        Run("chattr", "+a", Path.Combine(_root, "a", "f"));
        Run("chattr", "+a", Path.Combine(_root, "a", "b"));
        Run("chattr", "+i", Path.Combine(_root, "a"));
        TreeRemoval.Remove(_root);
        Assert.False(Directory.Exists(_root));
    }

    private static void Mount(params string[] arguments) => Assert.Equal(0, Run("mount", arguments));

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private static int Rename(string from, string to)
    {
        try
        {
            Directory.Move(from, to);
            return 0;
        }
        catch (IOException)
        {
            return -1;
        }
    }
}
