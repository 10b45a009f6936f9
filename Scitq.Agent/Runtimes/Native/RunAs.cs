namespace Scitq.Agent.Runtimes.Native;

/// <summary>The ids a command runs as when they are not the agent's.</summary>
/// <param name="Setpriv">The words that change to them, for a shell.</param>
/// <param name="Uid">The user.</param>
/// <param name="Gid">The group.</param>
/// <param name="Groups">The other groups.</param>
/// <param name="Home">The user's home.</param>
internal sealed record RunAs(string Setpriv, uint Uid, uint Gid, uint[] Groups, string? Home);
