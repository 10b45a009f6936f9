namespace Scitq.Fetch.Programs;

/// <summary>How a program ended.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">The end of what it printed, standard error last.</param>
/// <param name="LastLine">The last line of its standard error, or of its standard output if that is empty.</param>
internal sealed record ProgramEnd(int Code, string Output, string LastLine);
