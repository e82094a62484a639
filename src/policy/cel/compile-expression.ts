import type { ASTNode } from '@marcbachmann/cel-js';
import { compileField, compileItem, compileName } from './access.js';
import { compileArithmetic, compileNegation, compileOrder } from './arithmetic.js';
import { compileCall, compileMethod } from './call.js';
import { compileEquality, compileMembership } from './equality.js';
import { compileList, compileLiteral, compileMap } from './literals.js';
import { compileLogic, compileNot, compileTernary } from './logic.js';
import { refuse, type Compiled, type Scope } from './scope.js';

/**
 * Checks an expression and makes a function of it. The parser's syntax tree is the only thing that is used of the CEL
 * engine; what its nodes mean is defined here, strictly (spec page 04, "Fail closed, always").
 */
export function compileExpression(node: ASTNode, scope: Scope): Compiled {
  switch (node.op) {
    case 'value':
      return compileLiteral(node, node.args);
    case 'id':
      return compileName(node, node.args, scope);
    case '.':
      return compileField(node, node.args, scope);
    case '[]':
      return compileItem(node, node.args, scope);
    case 'list':
      return compileList(node, node.args, scope);
    case 'map':
      return compileMap(node, node.args, scope);
    case 'call':
      return compileCall(node, node.args[0], node.args[1], scope);
    case 'rcall':
      return compileMethod(node, node.args[0], node.args[1], node.args[2], scope);
    case '&&':
    case '||':
      return compileLogic(node, node.args, node.op === '&&', scope);
    case '?:':
      return compileTernary(node, node.args, scope);
    case '!_':
      return compileNot(node, node.args, scope);
    case '-_':
      return compileNegation(node, node.args, scope);
    case '==':
    case '!=':
      return compileEquality(node, node.args, node.op === '==', scope);
    case 'in':
      return compileMembership(node, node.args, scope);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileOrder(node, node.op, node.args, scope);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return compileArithmetic(node, node.op, node.args, scope);
    default:
      return refuse(node, 'this construct is not supported');
  }
}
